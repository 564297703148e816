// Any bytes from a mail server are a reply or none, and any text is a list of addresses or none.
// What becomes a header has no line in it that is not folded.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "mail/mailbox.h"
#include "mail/smtp_reply.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

bool is_folded(std::string_view value) {
  for (std::size_t i = 0; i < value.size(); ++i) {
    const auto byte = static_cast<unsigned char>(value[i]);
    if (byte >= 0x20 && byte < 0x7f) continue;
    if (!value.substr(i).starts_with("\r\n ")) return false;
    i += 2;
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tidemill::mail;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  SmtpReplies replies;
  for (std::string_view left = text; !left.empty();) {
    const auto end = std::min(left.find('\n'), left.size() - 1) + 1;
    replies.take(left.substr(0, end));
    left.remove_prefix(end);
  }
  require(replies.code() == 0 || (replies.code() >= 200 && replies.code() <= 599));
  require(replies.text().size() < 600);
  if (const auto mailboxes = parse_mailboxes(text))
    require(is_folded(encoded_mailboxes(*mailboxes)));
  if (has_control(text)) return 0;
  require(is_folded(encoded_text(text)));
  require(is_folded(encoded_disposition(text)));
  return 0;
}
