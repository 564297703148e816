// What the server's errors mean: an SQLSTATE to a Fault, and the words of a login that failed.
//
// Pure functions, thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "tidemill/result.h"

namespace tidemill::postgres {

/// bad_event: the row can never be stored. unavailable: nothing is wrong with it, but with the
/// server, the table, a neighbour or our login. transient: nobody knows.
Fault fault_of(std::string_view sqlstate);

/// Must a person mend the pipeline or the table, if it is so at the start?
bool is_of_setup(std::string_view sqlstate);

/// What libpq says when it cannot connect. While PQERRORS_VERBOSE is set, an error of the server
/// has its SQLSTATE in it, whatever language the server speaks.
struct ConnectFailure {
  std::string sqlstate;  ///< Empty: the server said nothing.
  std::string message;   ///< One line.
};
ConnectFailure parse_connect_failure(std::string_view said);

/// Texts of several lines as one.
std::string on_one_line(std::string_view text);

}  // namespace tidemill::postgres
