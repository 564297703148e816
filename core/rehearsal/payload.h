// Payloads: between what a case file says, the bytes of an event, and what people are shown. Pure.
#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <string_view>

#include "core/config/node.h"

namespace tidemill::rehearsal {

/// A YAML value as JSON: what is quoted is text, numbers, true, false and null are what they look
/// like, everything else is text.
boost::json::value json_of(const config::Node& node);

/// The bytes that a `data:` stands for: a scalar is its own text, a mapping or a list is JSON.
std::string bytes_of(const config::Node& node);

/// Bytes as JSON where they are JSON, as text where they are UTF-8, else {bytes: how many}.
boost::json::value shown_payload(std::string_view bytes);

}  // namespace tidemill::rehearsal
