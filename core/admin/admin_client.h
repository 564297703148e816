// AdminClient: how a command talks to a running engine, over the socket in its data folder or over
// its listener.
//
// Blocking, for the command line; a connection per request. Not for the engine itself.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <variant>

#include "tidemill/result.h"
#include "tidemill/time.h"

namespace tidemill {

/// A listener of the admin API.
struct AdminAddress {
  std::string host;  ///< A name or an address; of IPv6 without brackets.
  std::uint16_t port = 0;
  std::string token;  ///< Sent if set.
};

class AdminClient {
 public:
  struct Answer {
    unsigned status = 0;
    std::string content_type;
    std::string body;
  };

  /// False: enough, the rest is not wanted.
  using TakeLine = std::function<bool(std::string_view line)>;

  /// `answer_max` bounds request(), from connecting to the last byte.
  explicit AdminClient(std::string socket_path, Duration answer_max = std::chrono::seconds(30));

  explicit AdminClient(AdminAddress address, Duration answer_max = std::chrono::seconds(30));

  /// Sends one request and returns the whole answer, whatever its status.
  ///
  /// Errors: transient, when no engine answers there, or not in time.
  Result<Answer> request(std::string_view method, std::string_view target,
                         std::string_view body = {}) const;

  /// Hands over an answer of status 200 line by line as it arrives, without its newlines and
  /// without a limit of time. The answer's body is empty then; with another status it is whole.
  ///
  /// Errors: transient, also when the engine stopped before the end.
  Result<Answer> lines(std::string_view method, std::string_view target,
                       const TakeLine& take) const;

 private:
  std::variant<std::string, AdminAddress> door_;
  Duration answer_max_;
};

}  // namespace tidemill
