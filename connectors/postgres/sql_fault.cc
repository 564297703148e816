#include "sql_fault.h"

#include <algorithm>
#include <array>

namespace tidemill::postgres {
namespace {

constexpr std::size_t sqlstate_size = 5;
constexpr std::size_t message_max = 1000;

template <std::size_t count>
bool has_class(std::string_view sqlstate, const std::array<std::string_view, count>& classes) {
  return std::ranges::find(classes, sqlstate.substr(0, 2)) != classes.end();
}

bool is_sqlstate(std::string_view text) {
  return text.size() == sqlstate_size && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
         });
}

}  // namespace

Fault fault_of(std::string_view sqlstate) {
  // Cardinality, data, constraints, triggers and their exceptions, the limits of a row.
  static constexpr std::array<std::string_view, 10> of_the_row{"0A", "21", "22", "23", "27",
                                                               "38", "39", "44", "54", "P0"};
  // Connections, logins, read-only servers, databases, deadlocks, tables and rights, resources,
  // locks, operators, the system.
  static constexpr std::array<std::string_view, 10> of_the_server{"08", "25", "28", "3D", "40",
                                                                  "42", "53", "55", "57", "58"};
  if (has_class(sqlstate, of_the_row)) return Fault::bad_event;
  if (has_class(sqlstate, of_the_server)) return Fault::unavailable;
  return Fault::transient;
}

bool is_of_setup(std::string_view sqlstate) {
  static constexpr std::array<std::string_view, 5> classes{"0A", "28", "3D", "3F", "42"};
  return has_class(sqlstate, classes);
}

std::string on_one_line(std::string_view text) {
  std::string line;
  for (const char c : text) {
    if (line.size() >= message_max) break;
    const bool blank = c == '\n' || c == '\r' || c == '\t' || c == ' ';
    if (!blank) {
      line += c;
    } else if (!line.empty() && line.back() != ' ') {
      line += ' ';
    }
  }
  while (line.ends_with(' ')) line.pop_back();
  return line;
}

// "connection to server at "db", port 5432 failed: FATAL:  28P01: password authentication failed
// for user "tide"\nLOCATION:  auth_failed, auth.c:326\n", once for each address that was tried.
ConnectFailure parse_connect_failure(std::string_view said) {
  constexpr std::string_view before = ":  ";
  constexpr std::string_view after = ": ";
  ConnectFailure failure;
  std::string kept;
  for (std::string_view left = said; !left.empty();) {
    const auto end = std::min(left.find('\n'), left.size());
    const std::string_view line = left.substr(0, end);
    left.remove_prefix(std::min(end + 1, left.size()));
    const auto colon = line.find(before);
    const auto at = colon == line.npos ? line.npos : colon + before.size();
    if (at != line.npos && at <= line.size() && is_sqlstate(line.substr(at, sqlstate_size)) &&
        line.substr(at + sqlstate_size).starts_with(after)) {
      failure.sqlstate = line.substr(at, sqlstate_size);
      kept.append(line.substr(0, at)).append(line.substr(at + sqlstate_size + after.size()));
      kept += '\n';
    } else if (colon == line.npos || failure.sqlstate.empty()) {
      kept.append(line).append("\n");  // Else it is the place in the server's own source.
    }
  }
  failure.message = on_one_line(kept);
  return failure;
}

}  // namespace tidemill::postgres
