#include "letter.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cctype>
#include <cstdio>
#include <ctime>
#include <string_view>

#include "aws/digest.h"

namespace tidemill::mail {
namespace {

namespace json = boost::json;

constexpr std::size_t id_size = 32;  // Of 64 digits of a SHA-256: 128 bits.
constexpr std::size_t name_max = 200;

// Headers that are made here, or by libcurl.
constexpr std::array<std::string_view, 8> own_headers{
    "from", "to", "cc", "bcc", "subject", "date", "message-id", "mime-version"};

std::string lower(std::string_view text) {
  std::string small(text);
  std::ranges::transform(small, small.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return small;
}

Result<> check_header_name(std::string_view name) {
  const bool printable = !name.empty() && std::ranges::all_of(name, [](char c) {
    return c > ' ' && c < 0x7f && c != ':';
  });
  const std::string small = lower(name);
  if (!printable) return fail(Fault::bad_config, "headers: no name of a header: " + small);
  if (std::ranges::find(own_headers, small) != own_headers.end() || small.starts_with("content-"))
    return fail(Fault::bad_config,
                "headers: " + std::string(name) + " is made by the sink itself; leave it out");
  return {};
}

class RuleReader {
 public:
  explicit RuleReader(const CompileExpression& compile) : compile_(compile) {}

  Template read(const char* option, std::string_view text, Markup markup = Markup::none) {
    auto made = Template::compile(text, markup, compile_);
    if (made) return std::move(*made);
    if (good_) good_ = fail(Fault::bad_config, std::string(option) + ": " + made.error().message);
    return {};
  }

  std::vector<Template> read(const char* option, const std::vector<std::string>& texts) {
    std::vector<Template> made;
    for (const std::string& text : texts) made.push_back(read(option, text));
    return made;
  }

  std::optional<Template> read(const char* option, const std::optional<std::string>& text,
                               Markup markup) {
    if (!text) return std::nullopt;
    return read(option, std::string_view(*text), markup);
  }

  void read_headers(const Mapping& headers, std::vector<std::pair<std::string, Template>>& made) {
    if (headers.json.empty()) return;
    boost::system::error_code error;
    const json::value parsed = json::parse(headers.json, error);
    if (error || !parsed.is_object()) {
      good_ = fail(Fault::bad_config, "headers: expected a mapping, NAME: text each");
      return;
    }
    for (const auto& [name, value] : parsed.get_object()) {
      if (auto checked = check_header_name(name); !checked) good_ = checked;
      const std::string text =
          value.is_string() ? std::string(value.get_string()) : json::serialize(value);
      made.emplace_back(std::string(name), read("headers", std::string_view(text)));
    }
  }

  const Result<>& good() const { return good_; }

 private:
  const CompileExpression& compile_;
  Result<> good_;
};

// The parts of one letter; the first that fails is the reason.
class Writer {
 public:
  Writer(const Event& event, const Effect& effect) : event_(event), effect_(effect) {}

  std::string text(const char* option, const Template& source) {
    auto rendered = source.render(event_, effect_);
    if (rendered) return std::move(*rendered);
    if (good_) good_ = fail(rendered.error().fault, option + (": " + rendered.error().message));
    return {};
  }

  // What stands in a header.
  std::string line(const char* option, const Template& source) {
    std::string rendered = text(option, source);
    if (has_control(rendered))
      refuse(option, "it has a line break or another control character in it");
    return rendered;
  }

  std::vector<Mailbox> mailboxes(const char* option, const std::vector<Template>& sources) {
    std::vector<Mailbox> all;
    for (const Template& source : sources) {
      auto parsed = parse_mailboxes(text(option, source));
      if (!parsed) {
        refuse(option, parsed.error().message);
        continue;
      }
      all.insert(all.end(), parsed->begin(), parsed->end());
    }
    return all;
  }

  void refuse(const char* option, const std::string& why) {
    if (good_) good_ = fail(Fault::bad_event, option + (": " + why));
  }

  const Result<>& good() const { return good_; }

 private:
  const Event& event_;
  const Effect& effect_;
  Result<> good_;
};

bool is_type(std::string_view type) {
  const auto slash = type.find('/');
  return slash != type.npos && slash > 0 && slash + 1 < type.size() && !has_control(type) &&
         type.size() <= name_max &&
         std::ranges::all_of(type, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

void attach(const LetterRules& rules, const Effect& effect, Writer& writer, Letter& letter) {
  if (!rules.attachment_name) return;
  Attachment attachment{.name = writer.line("attach.name", *rules.attachment_name),
                        .type = std::string(effect.content_type),
                        .data = effect.data};
  if (rules.attachment_type) attachment.type = writer.line("attach.type", *rules.attachment_type);
  if (attachment.type.empty()) attachment.type = "application/octet-stream";
  if (attachment.name.empty() || attachment.name.size() > name_max)
    writer.refuse("attach.name", "it takes 1 to " + std::to_string(name_max) + " bytes");
  if (!is_type(attachment.type)) writer.refuse("attach.type", "it is none: " + attachment.type);
  letter.attachment = std::move(attachment);
}

// The same at every repeat of the message, and of no other.
std::string message_id(const SinkBatch& batch, const Effect& effect, const Mailbox& from) {
  const std::string id = aws::hex(aws::sha256(effect_id(batch, effect))).substr(0, id_size);
  return '<' + id + from.address.substr(from.address.rfind('@')) + '>';
}

}  // namespace

std::string date_of(WallTime time) {
  static constexpr std::array<const char*, 7> days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array<const char*, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto seconds = static_cast<std::time_t>(time.value / 1'000'000);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%s, %02d %s %04d %02d:%02d:%02d +0000",
                days.at(static_cast<std::size_t>(parts.tm_wday)), parts.tm_mday,
                months.at(static_cast<std::size_t>(parts.tm_mon)), parts.tm_year + 1900,
                parts.tm_hour, parts.tm_min, parts.tm_sec);
  return text.data();
}

Result<LetterRules> read_rules(const SinkConfig& config, const CompileExpression& compile) {
  RuleReader reader(compile);
  LetterRules rules;
  rules.from = reader.read("from", std::string_view(config.from));
  rules.to = reader.read("to", config.to);
  rules.cc = reader.read("cc", config.cc);
  rules.bcc = reader.read("bcc", config.bcc);
  rules.subject = reader.read("subject", std::string_view(config.subject));
  rules.text = reader.read("text", config.text, Markup::none);
  rules.html = reader.read("html", config.html, Markup::html);
  reader.read_headers(config.headers, rules.headers);
  if (!config.attach.name.empty())
    rules.attachment_name = reader.read("attach.name", std::string_view(config.attach.name));
  if (!config.attach.type.empty())
    rules.attachment_type = reader.read("attach.type", std::string_view(config.attach.type));
  rules.recipients_max = config.recipients_max;
  if (!reader.good()) return std::unexpected(reader.good().error());
  return rules;
}

Result<Letter> write_letter(const LetterRules& rules, const SinkBatch& batch, const Effect& effect,
                            WallTime now) {
  Writer writer(batch.events[effect.event], effect);
  Letter letter;
  const auto from = writer.mailboxes("from", {rules.from});
  letter.to = writer.mailboxes("to", rules.to);
  letter.cc = writer.mailboxes("cc", rules.cc);
  letter.bcc = writer.mailboxes("bcc", rules.bcc);
  const std::size_t recipients = letter.to.size() + letter.cc.size() + letter.bcc.size();
  if (from.size() != 1) writer.refuse("from", "it takes one address");
  if (recipients == 0) writer.refuse("to", "there is nobody to send it to");
  if (recipients > rules.recipients_max)
    writer.refuse("to", std::to_string(recipients) + " recipients are more than recipients_max");
  const std::string subject = writer.line("subject", rules.subject);
  for (const auto& [name, source] : rules.headers)
    letter.headers.emplace_back(name, encoded_text(writer.line("headers", source)));
  if (rules.text) letter.text = writer.text("text", *rules.text);
  if (rules.html) letter.html = writer.text("html", *rules.html);
  if (!rules.text && !rules.html)
    letter.text = std::string(rules.attachment_name ? std::string_view() : effect.data);
  attach(rules, effect, writer, letter);
  if (!writer.good()) return std::unexpected(writer.good().error());
  letter.from = from.front();
  auto& headers = letter.headers;
  headers.emplace_back("Date", date_of(now));
  headers.emplace_back("From", encoded_mailboxes(from));
  if (!letter.to.empty()) headers.emplace_back("To", encoded_mailboxes(letter.to));
  if (!letter.cc.empty()) headers.emplace_back("Cc", encoded_mailboxes(letter.cc));
  headers.emplace_back("Subject", encoded_text(subject));
  headers.emplace_back("Message-ID", message_id(batch, effect, letter.from));
  return letter;
}

}  // namespace tidemill::mail
