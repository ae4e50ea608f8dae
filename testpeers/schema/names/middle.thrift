/** A service between the root and those that are served. */
include "base.thrift"

namespace py names_middle
namespace * legacy.middle

typedef base.Stamp Moment

exception Busy {
  1: i32 retry_after
} (rpc.code = "UNAVAILABLE")

service Middle extends base.Root {
  Moment moment_after(1: Moment moment) throws (1: base.Gone gone, 2: Busy busy)
}
