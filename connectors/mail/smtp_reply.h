// SmtpReply: what a mail server answers, and what that means for a mail.
//
// Pure; no I/O.
#pragma once

#include <string>
#include <string_view>

#include "tidemill/result.h"

namespace tidemill::mail {

/// Puts the replies of a server together, line by line as they come; keeps the last one that is
/// more than a goodbye.
class SmtpReplies {
 public:
  void take(std::string_view line);
  void clear();

  /// Since clear(), the server has let somebody log in.
  bool logged_in() const { return logged_in_; }
  int code() const { return code_; }                 ///< 0: there is none.
  const std::string& text() const { return text_; }  ///< "550 5.1.1 no such user", one line.

 private:
  int code_ = 0;
  std::string text_;
  bool logged_in_ = false;
  bool ended_ = true;  // A line that comes begins another reply.
};

/// 2xx and 3xx are no faults. bad_event: the server will never take this mail. transient: it will
/// not now. unavailable: it takes none at all, from anybody or from us.
Fault fault_of_reply(int code);

/// Does it speak of the login or of TLS, which a person has to mend?
bool is_of_setup(int code);

}  // namespace tidemill::mail
