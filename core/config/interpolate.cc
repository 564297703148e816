#include "core/config/interpolate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

namespace tidemill::config {
namespace {

bool is_name(std::string_view text) {
  const auto letter = [](char c) {
    return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  };
  const auto rest = [&](char c) { return letter(c) || (c >= '0' && c <= '9'); };
  return !text.empty() && letter(text[0]) && std::all_of(text.begin(), text.end(), rest);
}

// One scalar's worth of replacing.
class Interpolation {
 public:
  Interpolation(Node& node, const Environment& environment, Problems& problems)
      : node_(node), environment_(environment), problems_(problems) {}

  std::string run() {
    std::string_view rest = node_.text;
    while (!rest.empty()) {
      if (rest.starts_with("$${")) {
        out_ += "${";
        rest.remove_prefix(3);
      } else if (rest.starts_with("${")) {
        const auto close = rest.find('}');
        if (close == std::string_view::npos) {
          problem("${ is never closed", "close it with }, or write $${ for a literal ${");
          return {};
        }
        replace(rest.substr(2, close - 2));
        rest.remove_prefix(close + 1);
      } else {
        const auto next = std::max<std::size_t>(1, std::min(rest.find('$', 1), rest.size()));
        out_ += rest.substr(0, next);
        rest.remove_prefix(next);
      }
    }
    return std::move(out_);
  }

 private:
  void problem(std::string what, std::string fix) {
    node_.broken = true;
    problems_.add(node_.where, std::move(what), std::move(fix));
  }

  void replace(std::string_view expression) {
    if (expression.starts_with("file:")) return replace_file(expression.substr(5));
    const auto colon = expression.find(':');
    const auto name = expression.substr(0, colon);
    const auto tail = colon == std::string_view::npos ? "" : expression.substr(colon);
    const bool known_tail = tail.empty() || tail.starts_with(":-") || tail.starts_with(":?");
    if (!is_name(name) || !known_tail) {
      problem(fmt::format("{} is not a variable", shown(fmt::format("${{{}}}", expression))),
              "write ${NAME}, ${NAME:-default}, ${NAME:?message} or ${file:PATH}");
      return;
    }
    const auto value = environment_(name);
    if (tail.empty()) {
      if (value) {
        out_ += *value;
      } else {
        problem(fmt::format("the environment variable {} is not set", name),
                fmt::format("set it, or give a default: ${{{}:-default}}", name));
      }
    } else if (value && !value->empty()) {
      out_ += *value;
    } else if (tail[1] == '-') {
      out_ += tail.substr(2);
    } else {
      const auto message = tail.substr(2);
      problem(fmt::format("the environment variable {} is not set", name),
              message.empty() ? "set it" : std::string(message));
    }
  }

  void replace_file(std::string_view path) {
    const auto file = beside(node_.where.file, path);
    std::string reason;
    auto text = read_text(file, interpolated_file_bytes_max, reason);
    if (!text) {
      problem(fmt::format("the file {} {}", shown(file), reason), "correct the path in ${file:}");
      return;
    }
    if (text->ends_with('\n')) text->pop_back();
    if (text->ends_with('\r')) text->pop_back();
    out_ += *text;
  }

  Node& node_;
  const Environment& environment_;
  Problems& problems_;
  std::string out_;
};

}  // namespace

Environment process_environment() {
  return [](std::string_view name) -> std::optional<std::string> {
    const char* value = std::getenv(std::string(name).c_str());
    if (value == nullptr) return std::nullopt;
    return std::string(value);
  };
}

void interpolate(Node& root, const Environment& environment, Problems& problems) {
  if (root.is_scalar() && root.text.find("${") != std::string::npos)
    root.text = Interpolation(root, environment, problems).run();
  for (auto& child : root.children) interpolate(child, environment, problems);
}

std::string beside(const std::string& file, std::string_view path) {
  std::error_code error;
  const auto joined = std::filesystem::path(file).parent_path() / path;
  const auto whole = std::filesystem::absolute(joined, error);
  return (error ? joined : whole).lexically_normal().string();
}

}  // namespace tidemill::config
