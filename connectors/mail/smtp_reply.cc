#include "smtp_reply.h"

#include <algorithm>

namespace tidemill::mail {
namespace {

constexpr std::size_t text_max = 500;
constexpr std::size_t code_size = 3;
constexpr int goodbye = 221;
constexpr int login_accepted = 235;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Between 200 and 599; else 0.
int code_of(std::string_view line) {
  if (line.size() < code_size || !std::ranges::all_of(line.substr(0, code_size), is_digit))
    return 0;
  if (line.size() > code_size && line[code_size] != ' ' && line[code_size] != '-' &&
      line[code_size] != '\r' && line[code_size] != '\n')
    return 0;
  const int code = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
  return code >= 200 && code <= 599 ? code : 0;
}

}  // namespace

void SmtpReplies::clear() { *this = {}; }

void SmtpReplies::take(std::string_view line) {
  const int code = code_of(line);
  if (code == 0 || code == goodbye) return;
  if (ended_) text_ = line.substr(0, code_size);
  code_ = code;
  if (code == login_accepted) logged_in_ = true;
  ended_ = line.size() <= code_size || line[code_size] != '-';
  line.remove_prefix(std::min(line.size(), code_size + 1));
  bool blank = true;  // What separates the lines.
  for (const char c : line) {
    if (text_.size() >= text_max) return;
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= ' ' || byte == 0x7f) {
      blank = true;
      continue;
    }
    if (blank) text_ += ' ';
    blank = false;
    text_ += c;
  }
}

bool is_of_setup(int code) {
  // Authentication is required, too weak, failed, or wants TLS.
  return code == 530 || code == 534 || code == 535 || code == 538;
}

Fault fault_of_reply(int code) {
  // It is closing; it has no TLS or no look at our login for now.
  if (code == 421 || code == 454 || is_of_setup(code)) return Fault::unavailable;
  if (code >= 500) return Fault::bad_event;
  return Fault::transient;
}

}  // namespace tidemill::mail
