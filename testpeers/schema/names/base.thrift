/** The root of the services, in a package of its own. */
namespace py names_base
namespace proto legacy.base

struct Stamp {
  1: i64 at
} (python.immutable = "")

exception Gone {
  1: string errorMessage
  2: Stamp since
} (rpc.code = "FAILED_PRECONDITION")

service Root {
  string who_are_you()
  oneway void add_to_count(1: i32 amount)
  i32 count()
}
