// %XX in targets of requests, undone. Pure functions.
#pragma once

#include <string>
#include <string_view>

namespace tidemill::http {

/// Whether every '%' in it begins an escape.
bool is_percent_encoded(std::string_view text);

/// Appends the decoded text; false, and nothing appended, where an escape is malformed. '+' is no
/// space.
bool append_percent_decoded(std::string& out, std::string_view text);

/// Appends a name or value of a query decoded, '+' being a space. What is no escape stays as it is.
void append_query_decoded(std::string& out, std::string_view text);

}  // namespace tidemill::http
