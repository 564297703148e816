#include "http_sink_template.h"

#include <algorithm>
#include <utility>

#include "aws/uri.h"

namespace tidemill::http {
namespace {

constexpr std::size_t value_bytes_max = 2048;

bool is_control(char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }

// Where the expression ends that begins `text`: at the brace that closes none of its own, and that
// stands in no string.
std::size_t end_of_expression(std::string_view text) {
  int open = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\') ++i;
      if (c == '"') quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == '{') {
      ++open;
    } else if (c == '}' && open-- == 0) {
      return i;
    }
  }
  return std::string_view::npos;
}

// Servers and proxies take `..` for the folder above, some of them also behind an encoded slash.
bool climbs(std::string_view path) {
  const std::string decoded = aws::uri_decode(path);
  for (std::string_view rest = decoded;;) {
    const std::size_t end = std::min(rest.find_first_of("/\\"), rest.size());
    const std::string_view part = rest.substr(0, end);
    if (part == "." || part == "..") return true;
    if (end == rest.size()) return false;
    rest.remove_prefix(end + 1);
  }
}

}  // namespace

Result<Template> Template::parse(std::string_view text, Use use, const CompileExpression& compile) {
  Template made;
  made.use_ = use;
  made.pieces_.emplace_back();
  while (!text.empty()) {
    const char c = text.front();
    text.remove_prefix(1);
    if ((c == '{' || c == '}') && text.starts_with(c)) {
      made.pieces_.back().text += c;
      text.remove_prefix(1);
    } else if (c == '}') {
      return fail(Fault::bad_config, "a } closes nothing; write }} for a brace");
    } else if (c != '{') {
      made.pieces_.back().text += c;
    } else {
      const std::size_t end = end_of_expression(text);
      if (end == std::string_view::npos)
        return fail(Fault::bad_config,
                    "{" + std::string(text) + " has no closing }; write {{ for a brace");
      Piece& piece = made.pieces_.back();
      piece.written = text.substr(0, end);
      auto compiled = compile(piece.written);
      if (!compiled)
        return fail(Fault::bad_config, "{" + piece.written + "}: " + compiled.error().message);
      piece.value = std::move(*compiled);
      made.pieces_.emplace_back();
      text.remove_prefix(end + 1);
    }
  }
  if (made.pieces_.back().text.empty() && made.pieces_.size() > 1) made.pieces_.pop_back();
  return made;
}

std::string Template::sample() const {
  std::string text;
  for (const Piece& piece : pieces_) text.append(piece.text).append(piece.value ? "x" : "");
  return text;
}

Result<std::string> Template::fill(const Event& event, const Effect& effect) const {
  std::string out;
  bool in_path = use_ == Use::target;
  for (const Piece& piece : pieces_) {
    out += piece.text;
    in_path = in_path && piece.text.find('?') == piece.text.npos;
    if (!piece.value) continue;
    auto value = value_of(piece, event, effect, in_path);
    if (!value) {
      value.error().message = "{" + piece.written + "}: " + value.error().message;
      return std::unexpected(std::move(value.error()));
    }
    out += *value;
  }
  if (use_ == Use::target && climbs(std::string_view(out).substr(0, out.find('?'))))
    return fail(Fault::bad_event, "the path has a part . or .., which leads elsewhere");
  return out;
}

Result<std::string> Template::value_of(const Piece& piece, const Event& event, const Effect& effect,
                                       bool in_path) const {
  auto value = piece.value->text(event, effect);
  if (!value) return value;
  if (value->size() > value_bytes_max)
    return fail(Fault::bad_event, "it has more than " + std::to_string(value_bytes_max) + " bytes");
  if (std::ranges::any_of(*value, is_control))
    return fail(Fault::bad_event, "it has control characters");
  if (in_path && value->empty()) return fail(Fault::bad_event, "it is empty");
  if (use_ == Use::target) return aws::uri_encode(*value);
  return value;
}

}  // namespace tidemill::http
