// Result<T>: a value, or an Error that says what to do next.
#pragma once

#include <chrono>
#include <expected>
#include <string>
#include <utility>

namespace tidemill {

/// Why something failed, named after what the caller should do about it.
enum class Fault {
  transient,    ///< Try again with back-off; nothing is wrong with the event.
  throttled,    ///< Try again, no sooner than Error::retry_after.
  bad_event,    ///< This event can never succeed: dead-letter it.
  bad_config,   ///< A person must change the pipeline; do not retry.
  fenced,       ///< Another owner took this partition: drop the work.
  cancelled,    ///< Shutdown or deadline; not a failure to report.
  unavailable,  ///< Nobody answers who could judge it: as transient, but no try of it.
};

struct Error {
  Fault fault;
  std::string message;                       ///< One sentence, no trailing dot.
  std::chrono::milliseconds retry_after{0};  ///< Only with Fault::throttled.
};

/// std::expected that the compiler will not let a caller ignore: libstdc++ 12 does not mark its
/// own class [[nodiscard]]. To drop one on purpose, say why and write `std::ignore = ...`.
template <class T = void>
class [[nodiscard]] Result : public std::expected<T, Error> {
 public:
  using std::expected<T, Error>::expected;
};

/// May the same thing succeed later?
constexpr bool passes(Fault fault) {
  return fault == Fault::transient || fault == Fault::throttled || fault == Fault::unavailable;
}

inline std::unexpected<Error> fail(Fault fault, std::string message) {
  return std::unexpected(Error{fault, std::move(message)});
}

}  // namespace tidemill
