// Derived by weft from shared-types.proto: change that file, not this one.

namespace * every.shared.shared_types
namespace proto every.shared

/**
 * An amount.
 */
struct Money {
  1: string currency
  2: i64 units
}
