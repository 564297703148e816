// JSON text as connectors write it: strings, one line per message, and bytes in base64.
//
// Free functions without state, thread-safe; they append to a buffer that the caller reuses.
#pragma once

#include <string>
#include <string_view>

namespace tidemill {

/// Appends `text` as a JSON string, quotes included. Bytes that are not UTF-8 become U+FFFD, so
/// the result is always valid JSON.
void append_json_string(std::string& out, std::string_view text);

/// Appends the inside of a JSON string, without its quotes. Precondition: `text` is UTF-8.
void append_json_escaped(std::string& out, std::string_view text);

/// Appends `data` in base64, padded, without quotes.
void append_base64(std::string& out, std::string_view data);

/// Appends what `text` says in base64; false, and nothing appended, where it is no padded base64.
bool append_from_base64(std::string& out, std::string_view text);

/// Whether a content type is that of JSON; an empty one is.
bool names_json(std::string_view content_type);

/// Appends `data` as one line of NDJSON, the newline included:
///   - JSON (`content_type` says so or is empty, and it parses) as it is, line breaks between its
///     tokens made blanks;
///   - any other text as a JSON string;
///   - bytes that are not UTF-8 as {"data_base64": "..."}, CloudEvents' word for it.
void append_json_line(std::string& out, std::string_view content_type, std::string_view data);

/// Appends `data` as a member of an object, as append_json_line() does: `"data": ...`, or
/// `"data_base64": "..."`. No line end.
void append_data_member(std::string& out, std::string_view content_type, std::string_view data);

}  // namespace tidemill
