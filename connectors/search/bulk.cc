#include "bulk.h"

#include <algorithm>
#include <utility>

#include "json_text/json_text.h"

namespace tidemill::search {
namespace {

constexpr std::string_view blanks = " \t\r\n";

std::string_view name_of(Verb verb) {
  switch (verb) {
    case Verb::index:
      return "index";
    case Verb::create:
      return "create";
    case Verb::remove:
      break;
  }
  return "delete";
}

void append_item(std::string& out, const Item& item) {
  out.append("{\"").append(name_of(item.verb)).append("\":{\"_id\":");
  append_json_string(out, item.id);
  out += "}}\n";
  if (item.verb == Verb::remove) return;
  const auto start = static_cast<std::ptrdiff_t>(out.size());
  out += item.document;
  // In JSON a raw line break can only stand between tokens. In what is no JSON it would end the
  // line, and what follows would be taken for an item.
  std::replace_if(
      out.begin() + start, out.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
  out += '\n';
}

}  // namespace

Result<> check_document(std::string_view data) {
  const auto begin = data.find_first_not_of(blanks);
  if (begin != data.npos && data[begin] == '{') return {};
  return fail(Fault::bad_event, "a document is a JSON object; let a `map` of the sink make one");
}

std::vector<Bulk> pack(std::span<const Item* const> items, std::size_t bytes_max) {
  std::vector<Bulk> bulks;
  for (const Item* item : items) {
    if (bulks.empty()) bulks.emplace_back();
    std::string& body = bulks.back().body;
    const std::size_t before = body.size();
    append_item(body, *item);
    if (before > 0 && body.size() > bytes_max) {
      Bulk next{{}, body.substr(before)};
      body.resize(before);
      bulks.push_back(std::move(next));
    }
    bulks.back().items.push_back(item);
  }
  return bulks;
}

}  // namespace tidemill::search
