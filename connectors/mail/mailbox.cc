#include "mailbox.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <span>

#include "aws/digest.h"

namespace tidemill::mail {
namespace {

constexpr std::string_view blanks = " \t";
constexpr std::size_t plain_max = 70;   // So that a line with its name is shorter than 78.
constexpr std::size_t word_bytes = 45;  // 60 characters of base64, of at most 75 of a word.
constexpr std::size_t local_max = 64;
constexpr std::size_t domain_max = 255;

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7f;
}

bool is_plain(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x20 && byte < 0x7f;
}

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(blanks);
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

bool is_address(std::string_view text) {
  constexpr std::string_view of_local = "!#$%&'*+-/=?^_`{|}~.";
  const auto at = text.rfind('@');
  if (at == text.npos || at == 0 || at > local_max) return false;
  const std::string_view local = text.substr(0, at);
  const std::string_view domain = text.substr(at + 1);
  return !domain.empty() && domain.size() <= domain_max && domain.front() != '.' &&
         domain.back() != '.' &&
         std::ranges::all_of(local,
                             [of_local](char c) {
                               return is_letter_or_digit(c) || of_local.find(c) != of_local.npos;
                             }) &&
         std::ranges::all_of(domain,
                             [](char c) { return is_letter_or_digit(c) || c == '-' || c == '.'; });
}

std::string unquoted(std::string_view name) {
  if (name.size() < 2 || name.front() != '"' || name.back() != '"') return std::string(name);
  std::string text;
  name = name.substr(1, name.size() - 2);
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name[i] == '\\' && i + 1 < name.size()) ++i;
    text += name[i];
  }
  return text;
}

Result<Mailbox> parse_mailbox(std::string_view text) {
  Mailbox mailbox{.name = {}, .address = std::string(text)};
  if (const auto open = text.find_last_of('<'); open != text.npos && text.back() == '>') {
    mailbox.name = unquoted(trimmed(text.substr(0, open)));
    mailbox.address = text.substr(open + 1, text.size() - open - 2);
  }
  if (!is_address(mailbox.address))
    return fail(Fault::bad_event, "no address of a mail: " + std::string(text.substr(0, 100)));
  return mailbox;
}

// In encoded words, none of which cuts a character in two.
std::string encoded_words(std::string_view text) {
  std::string words;
  while (!text.empty()) {
    std::size_t size = std::min(text.size(), word_bytes);
    const auto inside = [&text](std::size_t at) {
      return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0U) == 0x80;
    };
    while (size > 1 && inside(size)) --size;
    const std::span bytes(reinterpret_cast<const std::uint8_t*>(text.data()), size);
    words.append(words.empty() ? "" : "\r\n ").append("=?UTF-8?B?");
    words.append(aws::base64(bytes)).append("?=");
    text.remove_prefix(size);
  }
  return words;
}

std::string encoded_name(std::string_view name) {
  if (name.size() > plain_max || !std::ranges::all_of(name, is_plain)) return encoded_words(name);
  std::string quoted = "\"";
  for (const char c : name) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted += '"';
}

}  // namespace

bool has_control(std::string_view text) { return std::ranges::any_of(text, is_control); }

Result<std::vector<Mailbox>> parse_mailboxes(std::string_view text) {
  if (has_control(text))
    return fail(Fault::bad_event, "an address has a line break or another control character in it");
  std::vector<Mailbox> mailboxes;
  bool quoted = false;
  for (std::size_t begin = 0, at = 0; at <= text.size(); ++at) {
    const bool end = at == text.size();
    if (!end && quoted && text[at] == '\\') ++at;
    if (!end && at < text.size() && text[at] == '"') quoted = !quoted;
    if (at < text.size() && (quoted || text[at] != ',')) continue;
    const std::string_view one = trimmed(text.substr(begin, at - begin));
    begin = at + 1;
    if (one.empty()) continue;
    auto mailbox = parse_mailbox(one);
    if (!mailbox) return std::unexpected(std::move(mailbox.error()));
    mailboxes.push_back(std::move(*mailbox));
  }
  return mailboxes;
}

std::string encoded_text(std::string_view text) {
  const bool plain = text.size() <= plain_max && std::ranges::all_of(text, is_plain) &&
                     text.find("=?") == text.npos;
  return plain ? std::string(text) : encoded_words(text);
}

std::string encoded_mailboxes(const std::vector<Mailbox>& mailboxes) {
  std::string list;
  for (const Mailbox& mailbox : mailboxes) {
    if (!list.empty()) list += ",\r\n ";
    if (!mailbox.name.empty()) list.append(encoded_name(mailbox.name)).append("\r\n ");
    list.append("<").append(mailbox.address).append(">");
  }
  return list;
}

std::string encoded_disposition(std::string_view name) {
  std::string disposition = "attachment; filename";
  const bool plain = name.size() <= plain_max && std::ranges::all_of(name, [](char c) {
                       return is_plain(c) && c != '"' && c != '\\';
                     });
  if (plain) return disposition.append("=\"").append(name).append("\"");
  disposition += "*=UTF-8''";
  for (const char c : name) {
    if (is_letter_or_digit(c) || c == '.' || c == '-' || c == '_') {
      disposition += c;
    } else {
      std::array<char, 4> code{};
      std::snprintf(code.data(), code.size(), "%%%02X",
                    static_cast<unsigned>(static_cast<unsigned char>(c)));
      disposition += code.data();
    }
  }
  return disposition;
}

}  // namespace tidemill::mail
