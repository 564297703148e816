// What SQS and SNS take of an effect alike: its text and its attributes. Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tidemill/result.h"
#include "tidemill/sink.h"

namespace tidemill::aws {

using NamedText = std::pair<std::string, std::string>;

/// The data of a message: UTF-8 of characters that XML has, and some of it. Errors: bad_event.
Result<> check_message_text(std::string_view text);

/// The attributes of a message: the effect's metadata, `content-type`, and `tidemill-id`, which is
/// the same at every repeat. Those without a value are left out. Errors: bad_event, for names and
/// values that cannot be sent.
Result<std::vector<NamedText>> message_attributes(const SinkBatch& batch, const Effect& effect);

}  // namespace tidemill::aws
