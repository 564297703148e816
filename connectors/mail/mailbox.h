// Mailbox: whom a mail is from or for, and headers as they stand in a mail.
//
// Pure functions, thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tidemill/result.h"

namespace tidemill::mail {

struct Mailbox {
  std::string name;     ///< UTF-8; may be empty.
  std::string address;  ///< local@domain, ASCII.
};

/// "ann@example.org, Bob <bob@example.org>"; empty text is nobody.
///
/// Errors: bad_event, with the address that is none.
Result<std::vector<Mailbox>> parse_mailboxes(std::string_view text);

/// Has it a line break or another control character? No header may: what follows one would be
/// another header.
bool has_control(std::string_view text);

/// The value of a header of free text: as it is where that is short and plain, else in encoded
/// words (RFC 2047), folded. Precondition: no control characters.
std::string encoded_text(std::string_view text);

/// The value of a header of addresses, folded.
std::string encoded_mailboxes(const std::vector<Mailbox>& mailboxes);

/// "attachment", with a file's name (RFC 2231 where it needs that).
std::string encoded_disposition(std::string_view name);

}  // namespace tidemill::mail
