// How AWS wants the targets of requests: percent-encoded in one way and no other, or signatures of
// client and server differ. Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tidemill::aws {

/// All but letters, digits and -_.~ as %XX.
std::string uri_encode(std::string_view text);

/// The same, but for '/'.
std::string uri_encode_path(std::string_view path);

/// %XX as bytes; what is no such escape stays as it is. '+' is no space.
std::string uri_decode(std::string_view text);

/// "a=1&b=": encoded, in the order of names.
std::string uri_query(std::vector<std::pair<std::string, std::string>> parameters);

}  // namespace tidemill::aws
