package telemetry

import (
	"fmt"
	"io"
	"math/rand/v2"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// NewLogger returns a logger that writes to w in format "console" or "json" from a level on: debug, info, warn or error. Lines
// that repeat are thinned: of the same message within a second the first 100 and then one in 100 are written.
func NewLogger(w io.Writer, level, format string) (*zap.Logger, error) {
	from, err := zapcore.ParseLevel(level)
	if err != nil {
		return nil, fmt.Errorf("unknown log level %q: %w", level, err)
	}
	core, err := newCore(w, from, format)
	if err != nil {
		return nil, err
	}
	return zap.New(zapcore.NewSamplerWithOptions(core, time.Second, 100, 100)), nil
}

func newCore(w io.Writer, from zapcore.Level, format string) (zapcore.Core, error) {
	c := zap.NewProductionEncoderConfig()
	c.TimeKey, c.MessageKey = "time", "message"
	c.EncodeTime = zapcore.ISO8601TimeEncoder
	c.EncodeDuration = zapcore.StringDurationEncoder
	var encoder zapcore.Encoder
	switch format {
	case "json":
		encoder = zapcore.NewJSONEncoder(c)
	case "console":
		encoder = zapcore.NewConsoleEncoder(c)
	default:
		return nil, fmt.Errorf("unknown log format %q: want console or json", format)
	}
	return zapcore.NewCore(encoder, zapcore.Lock(zapcore.AddSync(w)), from), nil
}

// AccessLog writes a line per exchange.
type AccessLog struct {
	logger *zap.Logger
	sample float64
}

// NewAccessLog returns an access log that writes to w in format "console" or "json". Exchanges that end with OK are logged with
// probability sample (0 to 1), all others always.
func NewAccessLog(w io.Writer, format string, sample float64) (*AccessLog, error) {
	core, err := newCore(w, zapcore.InfoLevel, format)
	if err != nil {
		return nil, err
	}
	return &AccessLog{logger: zap.New(core).Named("access"), sample: sample}, nil
}

func (a *AccessLog) log(x *Record) {
	if x.Outcome == OK && a.sample < 1 && rand.Float64() >= a.sample {
		return
	}
	m := x.Method
	fields := []zap.Field{
		zap.String("direction", m.Direction.String()),
		zap.String("service", m.Service),
		zap.String("method", m.Name),
		zap.Stringer("downstream", x.Downstream),
		zap.Stringer("upstream", x.Upstream),
		zap.String("peer", x.Peer),
		zap.String("endpoint", x.Endpoint),
		zap.Int("attempts", x.Attempts),
		zap.Stringer("status", x.Code),
		zap.Stringer("outcome", x.Outcome),
		zap.Time("start", x.Start),
		zap.Duration("sent", x.Sent),
		zap.Duration("answered", x.Answered),
		zap.Duration("total", x.Total),
		zap.Int64("request_in", x.RequestIn),
		zap.Int64("request_out", x.RequestOut),
		zap.Int64("response_in", x.ResponseIn),
		zap.Int64("response_out", x.ResponseOut),
	}
	if x.Outcome != OK {
		fields = append(fields, zap.Bool("may_have_executed", x.MayHaveExecuted), zap.String("reason", x.Reason))
	}
	a.logger.Info("call", fields...)
}
