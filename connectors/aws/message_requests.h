// Messages for SQS or SNS, in requests of ten, and what comes of each. Blocking only in `send`.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "tidemill/result.h"

namespace tidemill::aws {

struct OutgoingMessage {
  std::string entry;       ///< As its service writes it, without an id.
  std::string group;       ///< What keeps its order; empty: it has none.
  std::size_t bytes = 0;   ///< What the service counts of it.
  std::size_t effect = 0;  ///< Which effect of the batch it is.
};

using MessageRequest = std::vector<const OutgoingMessage*>;

/// Sends requests side by side, and answers with a result for each message of each.
using SendRequests =
    std::function<std::vector<std::vector<Result<>>>(const std::vector<MessageRequest>& requests)>;

/// Sends what `make` makes of each effect of a batch, and answers as Sink::write() does; messages
/// of errors begin with `place`. What cannot be made is refused with the error of `make`.
std::vector<Result<>> send_effects(
    std::size_t effects, std::string_view place,
    const std::function<Result<OutgoingMessage>(std::size_t effect)>& make,
    const SendRequests& send);

/// Sends all of them and writes what came of each to its effect's place in `results`. A request
/// that is refused as a whole is sent again in halves, to find the message to blame. Messages of a
/// group go one request after the other; what stands behind one that is to be sent again is
/// `unavailable`.
void send_messages(const std::vector<OutgoingMessage>& messages, const SendRequests& send,
                   std::vector<Result<>>& results);

}  // namespace tidemill::aws
