#include "template.h"

#include <array>
#include <cstddef>
#include <cstdio>
#include <utility>

namespace tidemill::mail {
namespace {

constexpr std::size_t no_end = std::string_view::npos;

std::size_t skip_expression(std::string_view text, std::size_t at);

// `at` stands behind the quote that opens a string of jq; gives the place behind the one that
// closes it.
std::size_t skip_string(std::string_view text, std::size_t at) {
  while (at < text.size()) {
    if (text[at] == '"') return at + 1;
    if (text[at] != '\\') {
      ++at;
    } else if (at + 1 < text.size() && text[at + 1] == '(') {
      at = skip_expression(text, at + 2);
    } else {
      at += 2;
    }
  }
  return no_end;
}

// `at` stands behind a "\("; gives the place behind its ")".
std::size_t skip_expression(std::string_view text, std::size_t at) {
  std::size_t depth = 1;
  while (at < text.size()) {
    const char c = text[at++];
    if (c == '(') ++depth;
    if (c == ')' && --depth == 0) return at;
    if (c == '"') at = skip_string(text, at);
  }
  return no_end;
}

void append_literal(std::string& program, char c) {
  constexpr unsigned first_printable = 0x20;
  const auto byte = static_cast<unsigned char>(c);
  if (c == '"' || c == '\\') {
    program += '\\';
    program += c;
  } else if (byte < first_printable) {
    std::array<char, 8> code{};
    std::snprintf(code.data(), code.size(), "\\u%04x", static_cast<unsigned>(byte));
    program += code.data();
  } else {
    program += c;
  }
}

std::string unescaped(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size() && text[i + 1] == '\\') ++i;
    plain += text[i];
  }
  return plain;
}

}  // namespace

Result<std::optional<std::string>> program_of(std::string_view text, Markup markup) {
  std::string program = markup == Markup::html ? "@html \"" : "\"";
  bool any = false;
  for (std::size_t at = 0; at < text.size();) {
    const char next = at + 1 < text.size() ? text[at + 1] : '\0';
    if (text[at] == '\\' && next == '(') {
      const std::size_t end = skip_expression(text, at + 2);
      if (end > text.size())
        return fail(Fault::bad_config,
                    "there is no ) to the \\( of " + std::string(text.substr(at, 40)));
      program += text.substr(at, end - at);
      any = true;
      at = end;
    } else {
      append_literal(program, text[at]);
      at += text[at] == '\\' && next == '\\' ? 2 : 1;
    }
  }
  if (!any) return std::optional<std::string>();
  return std::optional(program + '"');
}

Result<Template> Template::compile(std::string_view text, Markup markup,
                                   const CompileExpression& compile) {
  Template made;
  const auto program = program_of(text, markup);
  if (!program) return std::unexpected(program.error());
  if (!*program) {
    made.text_ = unescaped(text);
    return made;
  }
  auto compiled = compile(**program);
  if (!compiled) return std::unexpected(compiled.error());
  made.program_ = std::move(*compiled);
  return made;
}

Result<std::string> Template::render(const Event& event, const Effect& effect) const {
  if (program_ == nullptr) return text_;
  return program_->text(event, effect);
}

}  // namespace tidemill::mail
