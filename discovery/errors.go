package discovery

import "errors"

// ErrUnknown says that a source has no service of that name and will not get one by waiting.
var ErrUnknown = errors.New("unknown service")
