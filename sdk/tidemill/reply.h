// Reply: what a function answers to somebody who sent an event and waits - a request over HTTP.
// A value; shared, because it waits with the acknowledgement until its commit is durable.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace tidemill {

/// The status codes of a reply, as HTTP numbers them.
inline constexpr unsigned reply_status_min = 200;
inline constexpr unsigned reply_status_max = 599;

struct Reply {
  unsigned status = 200;
  std::string content_type;
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
  friend bool operator==(const Reply&, const Reply&) = default;
};

using SharedReply = std::shared_ptr<const Reply>;

}  // namespace tidemill
