package config

import (
	"time"

	"weft/pkg/dialect"
)

// Version is what the key `version` must say.
const Version = "weft/v1"

// Config is a configuration file with the defaults filled in and every reference checked. Whoever loaded it does not
// change it. The meaning of each key stands in docs/configuration.md, which a test compares with these structs.
type Config struct {
	Version   string              `yaml:"version,required"`
	Schemas   map[string]Schema   `yaml:"schemas"`
	Services  []Service           `yaml:"services"`
	Inbound   Inbound             `yaml:"inbound"`
	Outbound  Outbound            `yaml:"outbound"`
	Upstreams map[string]Upstream `yaml:"upstreams"`
	Routes    []Route             `yaml:"routes"`
	Policies  map[string]Policy   `yaml:"policies"` // "default" is always there
	Discovery Discovery           `yaml:"discovery"`
	Identity  *Identity           `yaml:"identity"`
	StateDir  string              `yaml:"state_dir"`
	Admin     Admin               `yaml:"admin"`
	Log       Log                 `yaml:"log"`
	Telemetry Telemetry           `yaml:"telemetry"`
	Limits    Limits              `yaml:"limits"`

	file string
	pos  map[string]place
}

// Schema names the IDL files of a service. Paths are relative to the working directory or absolute.
type Schema struct {
	Files       []string `yaml:"files,required"`
	ImportPaths []string `yaml:"import_paths"`
	Binding     string   `yaml:"binding"`
	Strict      bool     `yaml:"strict"`
}

// Service is an application that the sidecar stands beside.
type Service struct {
	Name   string `yaml:"name,required"`
	Schema string `yaml:"schema"`
	Policy string `yaml:"policy"`
	Ports  []Port `yaml:"ports,required"`
}

// Port is where an application listens.
type Port struct {
	Name           string          `yaml:"name,required"`
	Address        string          `yaml:"address,required"`
	Dialect        dialect.Dialect `yaml:"dialect,required"`
	Pipeline       int             `yaml:"pipeline"`
	MaxConnections int             `yaml:"max_connections"`
	Interfaces     []Interface     `yaml:"interfaces"`
}

// Interface is one of several services that a port serves.
type Interface struct {
	Thrift      string `yaml:"thrift"`
	GRPC        string `yaml:"grpc"`
	Multiplexed string `yaml:"multiplexed"`
	Default     bool   `yaml:"default"`
}

// Inbound is the traffic towards the application.
type Inbound struct {
	Listeners   []InboundListener   `yaml:"listeners"`
	Mesh        *Mesh               `yaml:"mesh"`
	Transparent *InboundTransparent `yaml:"transparent"`
}

// InboundListener takes calls of every dialect for one port of the application.
type InboundListener struct {
	Listen  string `yaml:"listen,required"`
	Service string `yaml:"service,required"`
	Port    string `yaml:"port"` // filled in where the service has one port
	Opaque  string `yaml:"opaque"`
}

// Mesh takes the hop from other sidecars.
type Mesh struct {
	Listen string `yaml:"listen,required"`
}

// InboundTransparent takes redirected connections.
type InboundTransparent struct {
	Listen    string `yaml:"listen,required"`
	Plaintext string `yaml:"plaintext"`
}

// Outbound is the traffic from the application.
type Outbound struct {
	Listeners   []OutboundListener   `yaml:"listeners"`
	Transparent *OutboundTransparent `yaml:"transparent"`
}

// OutboundListener takes calls of every dialect for one service.
type OutboundListener struct {
	Listen  string `yaml:"listen,required"`
	Service string `yaml:"service,required"`
}

// OutboundTransparent takes redirected connections.
type OutboundTransparent struct {
	Listen   string `yaml:"listen,required"`
	MeshOnly bool   `yaml:"mesh_only"`
}

// Upstream is what the sidecar knows of a service that it calls.
type Upstream struct {
	Schema   string         `yaml:"schema"`
	Policy   string         `yaml:"policy"`
	Endpoint EndpointTraits `yaml:"endpoint"`
}

// EndpointTraits are the properties of an endpoint that the upstream may give for all of them.
type EndpointTraits struct {
	Dialect        dialect.Dialect `yaml:"dialect"`
	Via            string          `yaml:"via"`
	Pipeline       int             `yaml:"pipeline"`
	Weight         int             `yaml:"weight"`
	MaxConnections int             `yaml:"max_connections"`
	Schema         string          `yaml:"schema"`
}

// Endpoint is one address of a service. After loading, keys that it does not set are its upstream's.
type Endpoint struct {
	Address        string `yaml:"address,required"`
	EndpointTraits `yaml:",inline"`
}

// Route sends matching calls somewhere. After loading, Split is never empty.
type Route struct {
	Match  Match   `yaml:"match,required"`
	Split  []Split `yaml:"split"`
	Policy string  `yaml:"policy"` // "": the upstream's
}

// Match selects calls. After loading, header names are in lower case.
type Match struct {
	Service string            `yaml:"service,required"`
	Method  string            `yaml:"method"`
	Headers map[string]string `yaml:"headers"`
}

// Split is one destination of a route.
type Split struct {
	Service string `yaml:"service,required"`
	Weight  int    `yaml:"weight"`
}

// Policy says how calls are treated; Resolve gives the form that the proxy uses.
type Policy struct {
	Timeout        time.Duration `yaml:"timeout"`
	ConnectTimeout time.Duration `yaml:"connect_timeout"`
	IdleTimeout    time.Duration `yaml:"idle_timeout"`
	Ordering       string        `yaml:"ordering"`
	Idempotent     []string      `yaml:"idempotent"`
	MaxPending     int           `yaml:"max_pending"`
}

// Discovery says where endpoints come from.
type Discovery struct {
	Static map[string][]Endpoint `yaml:"static"`
	Consul *Consul               `yaml:"consul"`
}

// Consul is the agent to ask.
type Consul struct {
	Address string `yaml:"address"`
	Token   Secret `yaml:"token"`
}

// Identity says where the sidecar's certificate comes from.
type Identity struct {
	Source string `yaml:"source"`
	Cert   string `yaml:"cert"`
	Key    string `yaml:"key"`
	CA     string `yaml:"ca"`
}

// Admin is the endpoint for operators. Listen is "" where it is turned off.
type Admin struct {
	Listen string `yaml:"listen"`
}

// Log says what is logged and how.
type Log struct {
	Level  string `yaml:"level"`
	Format string `yaml:"format"`
}

// Telemetry is what is told of calls.
type Telemetry struct {
	AccessLog *AccessLog `yaml:"access_log"` // nil: off
	Tracing   *Tracing   `yaml:"tracing"`
}

// AccessLog is one line per call.
type AccessLog struct {
	Sample float64 `yaml:"sample"` // share of the successful calls, 0 to 1
}

// Tracing is spans of calls.
type Tracing struct {
	Endpoint string  `yaml:"endpoint"`
	Sample   float64 `yaml:"sample"`
}

// Limits are the caps of the data path.
type Limits struct {
	Memory               Size          `yaml:"memory"`
	ConnectionMemory     Size          `yaml:"connection_memory"`
	Message              Size          `yaml:"message"`
	HeaderList           Size          `yaml:"header_list"`
	QueuedBytes          Size          `yaml:"queued_bytes"`
	StreamWindow         Size          `yaml:"stream_window"`
	ConnectionWindow     Size          `yaml:"connection_window"`
	Connections          int           `yaml:"connections"`
	StreamsPerConnection int           `yaml:"streams_per_connection"`
	Pending              int           `yaml:"pending"`
	Depth                int           `yaml:"depth"`
	FirstByte            time.Duration `yaml:"first_byte"`
	BetweenBytes         time.Duration `yaml:"between_bytes"`
	WriteStall           time.Duration `yaml:"write_stall"`
	Drain                time.Duration `yaml:"drain"`
}
