package h2

import (
	"math"

	"golang.org/x/net/http2"

	"weft/pkg/sock"
)

// streamsBeforeSettings is how many streams a client opens before the server has said how many it takes.
const streamsBeforeSettings = 100

// peerSettings is what the peer's SETTINGS said. Frames never exceed 16 KiB and so fit any peer's MAX_FRAME_SIZE.
type peerSettings struct {
	window  int64  // of new streams
	streams uint32 // that may be open at once
}

// greet queues our SETTINGS and the connection's window, as the first frames.
func (c *Conn) greet() {
	if c.greeted {
		return
	}
	c.greeted = true
	all := [5]http2.Setting{
		{ID: http2.SettingInitialWindowSize, Val: c.cfg.StreamWindow},
		{ID: http2.SettingMaxHeaderListSize, Val: c.cfg.MaxHeaderBytes},
		{ID: http2.SettingMaxFrameSize, Val: c.cfg.MaxFrameSize},
	}
	if c.client {
		all[3] = http2.Setting{ID: http2.SettingEnablePush, Val: 0}
	} else {
		all[3] = http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: c.cfg.MaxStreams}
	}
	_ = c.fr.WriteSettings(all[:4]...) // the queue takes everything
	if more := c.cfg.ConnWindow - defaultWindow; more > 0 {
		_ = c.fr.WriteWindowUpdate(0, more)
	}
}

// settingsFrame handles SETTINGS (6.5).
func (c *Conn) settingsFrame(f *http2.SettingsFrame, b *sock.Batch) error {
	c.s.Lock()
	c.letGo()
	if f.IsAck() {
		c.acked = true
		c.s.Unlock()
		return nil
	}
	before, first := c.settings.streams, !c.settled
	if first {
		c.settled = true
		c.settings.streams = math.MaxInt32
	}
	err := f.ForeachSetting(c.applySetting)
	if err == nil {
		_ = c.fr.WriteSettingsAck()
		err = c.answered(b)
	}
	c.pump(b)
	now := c.settings.streams
	tell := c.client && (first || now != before) && !c.going.final
	c.s.Unlock()
	if err != nil {
		return err
	}
	c.tellSent(b)
	if tell {
		c.h.Capacity(now, b)
	}
	return nil
}

// applySetting handles one value (6.5.2), locked.
func (c *Conn) applySetting(s http2.Setting) error {
	switch s.ID {
	case http2.SettingHeaderTableSize:
		c.enc.setTableSize(s.Val)
	case http2.SettingEnablePush:
		if s.Val > 1 || c.client && s.Val == 1 {
			return protocolError("ENABLE_PUSH has a wrong value")
		}
	case http2.SettingMaxConcurrentStreams:
		c.settings.streams = min(s.Val, math.MaxInt32)
	case http2.SettingInitialWindowSize:
		if s.Val > mostWindow {
			return ConnectionError{http2.ErrCodeFlowControl, "INITIAL_WINDOW_SIZE is too large"}
		}
		return c.changeWindows(int64(s.Val))
	case http2.SettingMaxFrameSize:
		if s.Val < leastFrameSize || s.Val >= 1<<24 {
			return protocolError("MAX_FRAME_SIZE has a wrong value")
		}
	}
	return nil
}

// changeWindows sets the send window of new streams and moves those of the open ones by the difference (6.9.2).
func (c *Conn) changeWindows(window int64) error {
	delta := window - c.settings.window
	c.settings.window = window
	for _, st := range c.streams {
		st.sendWindow += delta
		if st.sendWindow > mostWindow {
			return ConnectionError{http2.ErrCodeFlowControl, "INITIAL_WINDOW_SIZE makes a window too large"}
		}
	}
	for _, st := range c.collect((*Stream).mayWake) {
		c.wake(st)
		c.unpin(st)
	}
	return nil
}
