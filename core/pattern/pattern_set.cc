#include "core/pattern/pattern_set.h"

#include <simdjson.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <optional>
#include <string>

#include "core/base/json_line.h"
#include "core/pattern/judge.h"
#include "core/pattern/long_numbers.h"
#include "core/pattern/program.h"
#include "core/pattern/tally.h"
#include "core/pattern/walker.h"

namespace tidemill::pattern {
namespace {

namespace dom = simdjson::dom;

// A set's tally fits no other set's: they are told apart by number.
std::uint64_t next_id() {
  static std::atomic<std::uint64_t> last = 0;
  return ++last;
}

// What a larger event took is given back with the next that is smaller.
constexpr std::size_t kept_bytes_max = 1 << 20;

// simdjson reads a little past the end of what it parses.
class Document {
 public:
  Result<dom::element> parse(std::string_view json) {
    if (json.size() <= kept_bytes_max) give_back();
    marked_ = false;
    dom::element root;
    if (load(json).get(root) == simdjson::SUCCESS) return root;
    if (const auto marked = mark_long_numbers(json)) {
      marked_ = true;
      if (load(*marked).get(root) == simdjson::SUCCESS) return root;
    }
    return fail(Fault::bad_event,
                std::string("not valid JSON: ") + simdjson::error_message(load(json).error()));
  }

  /// Whether the last parse had to mark long numbers.
  bool marked() const { return marked_; }

 private:
  void give_back() {
    if (bytes_.size() <= kept_bytes_max + simdjson::SIMDJSON_PADDING) return;
    bytes_ = {};
    parser_ = dom::parser();
  }

  simdjson::simdjson_result<dom::element> load(std::string_view json) {
    if (bytes_.size() < json.size() + simdjson::SIMDJSON_PADDING)
      bytes_.resize(json.size() + simdjson::SIMDJSON_PADDING);
    if (!json.empty()) std::memcpy(bytes_.data(), json.data(), json.size());
    std::memset(bytes_.data() + json.size(), 0, simdjson::SIMDJSON_PADDING);
    return parser_.parse(bytes_.data(), json.size(), false);
  }

  dom::parser parser_;
  std::vector<char> bytes_;
  bool marked_ = false;
};

EventView::Data data_kind(std::string_view content_type) {
  const auto type = content_type.substr(0, content_type.find(';'));
  if (type.empty()) return EventView::Data::json_or_text;
  return type == "application/json" || type.ends_with("+json") ? EventView::Data::json
                                                               : EventView::Data::text;
}

}  // namespace

struct PatternSet::Scratch::Rooms {
  Document document;
  ValueBuffers buffers;
  Tally tally;
  Judge judge;
  std::vector<std::uint32_t> matched;
  std::string id;
  std::string time;

  Matches walk(dom::element event, bool marked, const Program& program, std::uint64_t id_of_set) {
    tally.begin(program, id_of_set);
    Walker(program, tally, buffers).walk(event, FieldTrie::root, marked);
    return decide(program);
  }

  Matches decide(const Program& program) {
    judge.decide(program, tally, matched);
    return matched;
  }
};

PatternSet::Scratch::Scratch() : rooms_(std::make_unique<Rooms>()) {}
PatternSet::Scratch::~Scratch() = default;
PatternSet::Scratch::Scratch(Scratch&&) noexcept = default;
PatternSet::Scratch& PatternSet::Scratch::operator=(Scratch&&) noexcept = default;

PatternSet::PatternSet(std::span<const Pattern> patterns)
    : program_(std::make_shared<const Program>(patterns)), id_(next_id()) {}

std::size_t PatternSet::size() const { return program_->patterns; }

bool PatternSet::reads(std::string_view field) const {
  return program_->trie.find(FieldTrie::root, field) != none;
}

PatternSet::Matches PatternSet::match(const dom::element& event, Scratch& scratch) const {
  return scratch.rooms_->walk(event, false, *program_, id_);
}

Result<PatternSet::Matches> PatternSet::match(std::string_view json, Scratch& scratch) const {
  Scratch::Rooms& rooms = *scratch.rooms_;
  const auto root = rooms.document.parse(json);
  if (!root) return std::unexpected(root.error());
  if (!root->is_object()) return fail(Fault::bad_event, "an event is a JSON object");
  return rooms.walk(*root, rooms.document.marked(), *program_, id_);
}

Result<PatternSet::Matches> PatternSet::match(const EventView& event, Scratch& scratch) const {
  Scratch::Rooms& rooms = *scratch.rooms_;
  rooms.tally.begin(*program_, id_);
  Walker walker(*program_, rooms.tally, rooms.buffers);
  walker.walk_attributes(event);
  const std::uint32_t data = program_->trie.find(FieldTrie::root, "data");
  if (data != none && event.kind != EventView::Data::text && !event.data.empty()) {
    const auto root = rooms.document.parse(event.data);
    if (root)
      walker.walk(*root, data, rooms.document.marked());
    else if (event.kind == EventView::Data::json)
      return fail(Fault::bad_event, "the data is " + root.error().message);
    else
      walker.walk_text("data", event.data);
  }
  return rooms.decide(*program_);
}

Result<PatternSet::Matches> PatternSet::match(const Event& event, Scratch& scratch) const {
  Scratch::Rooms& rooms = *scratch.rooms_;
  EventView view{.id = event.id,
                 .source = event.source,
                 .type = event.type,
                 .subject = event.subject,
                 .time = {},
                 .key = event.key,
                 .headers = event.extensions,
                 .data = event.data.view(),
                 .kind = data_kind(event.content_type)};
  if (view.id.empty() && reads("id")) view.id = rooms.id = event_id(event);
  if (event.time.value != 0 && reads("time")) view.time = rooms.time = rfc3339(event.time.value);
  return match(view, scratch);
}

}  // namespace tidemill::pattern
