#include "core/invoke/response_reader.h"

#include <fmt/format.h>

#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "core/invoke/strided.h"
#include "tidemill/effect.h"
#include "tidemill/reply.h"

namespace tidemill {
namespace {

using config::name_of;
using config::OutputKind;

// The engine's kinds are the ABI's, by number: nothing needs to be translated.
static_assert(static_cast<std::uint32_t>(OutputKind::objects) == TIDEMILL_OUTPUT_OBJECTS);
static_assert(static_cast<std::uint32_t>(OutputKind::rows) == TIDEMILL_OUTPUT_ROWS);
static_assert(static_cast<std::uint32_t>(OutputKind::messages) == TIDEMILL_OUTPUT_MESSAGES);
static_assert(static_cast<std::uint32_t>(EffectKind::message) == TIDEMILL_MESSAGE);
static_assert(static_cast<std::uint32_t>(EffectKind::merge_row) == TIDEMILL_MERGE_ROW);
static_assert(static_cast<std::uint32_t>(EffectKind::reply) == TIDEMILL_REPLY);

// More than any store or broker takes; beyond it, the count is garbage.
constexpr std::uint32_t metadata_count_max = 1024;

// What is kept of a reason: each failed event has one of its own, for as long as its dead letter.
constexpr std::size_t reason_bytes_max = 4 * 1024;

// Which effects an output takes, as bits by effect kind.
constexpr std::uint32_t bit(std::uint32_t effect_kind) { return 1u << effect_kind; }

std::uint32_t effects_of(OutputKind kind) {
  switch (kind) {
    case OutputKind::objects:
      return bit(TIDEMILL_PUT_OBJECT) | bit(TIDEMILL_DELETE_OBJECT);
    case OutputKind::rows:
      return bit(TIDEMILL_PUT_ROW) | bit(TIDEMILL_DELETE_ROW) | bit(TIDEMILL_MERGE_ROW);
    case OutputKind::messages:
      return bit(TIDEMILL_MESSAGE);
  }
  return 0;
}

std::string_view name_of(std::uint32_t effect_kind) {
  constexpr std::string_view names[] = {"publishes a message", "puts an object",
                                        "deletes an object",   "puts a row",
                                        "deletes a row",       "merges a row"};
  return names[effect_kind];
}

std::unexpected<Error> against_the_rules(std::string_view what) {
  return fail(Fault::transient, fmt::format("the function answered against the ABI: {}", what));
}

bool readable(const tidemill_slice& s) { return s.data != nullptr || s.size == 0; }

std::string_view text(const tidemill_slice& s) { return {s.data, s.size}; }

class Reader {
 public:
  Reader(const config::FunctionDecl& decl, std::size_t event_count,
         std::vector<Attribute>& metadata, Answer& answer)
      : decl_(decl), event_count_(event_count), metadata_(metadata), answer_(answer) {
    for (const auto& output : decl.outputs) allowed_.push_back(effects_of(output.kind));
  }

  Result<> read_failures(Strided<tidemill_failure> raw) {
    if (!raw.well_formed()) return against_the_rules("its failures are a malformed array");
    for (std::size_t i = 0; i < raw.size(); ++i) {
      const auto& f = raw[i];
      if (f.event_index >= event_count_)
        return against_the_rules(fmt::format("failure {} names event {} of a batch of {}", i,
                                             f.event_index, event_count_));
      if (f.fault != TIDEMILL_RETRY && f.fault != TIDEMILL_BAD_EVENT)
        return against_the_rules(fmt::format("failure {} has the unknown fault {}", i, f.fault));
      if (!readable(f.reason))
        return against_the_rules(fmt::format("failure {} has a reason without data", i));
      if (failed_.empty()) failed_.resize(event_count_);
      if (failed_[f.event_index]) continue;
      failed_[f.event_index] = true;
      answer_.failures.push_back(
          {f.event_index, f.fault == TIDEMILL_BAD_EVENT ? Fault::bad_event : Fault::transient,
           kept_reason(text(f.reason))});
    }
    return {};
  }

  Result<> read_effects(Strided<tidemill_effect> raw) {
    if (!raw.well_formed()) return against_the_rules("its effects are a malformed array");
    // Spans of effects point into the metadata: it must not grow while they are made.
    std::size_t metadata_count = 0;
    for (std::size_t i = 0; i < raw.size(); ++i) {
      if (!sound(raw[i])) return against_the_rules(complaint(i, raw[i]));
      metadata_count += raw[i].metadata_count;
    }
    metadata_.reserve(metadata_count);

    auto& effects = answer_.effects;
    effects.reserve(raw.size());
    bool grouped = true;
    for (std::size_t i = 0; i < raw.size(); ++i) {
      if (!failed_.empty() && failed_[raw[i].event_index]) continue;
      effects.push_back(taken(raw[i]));
      grouped = grouped &&
                (effects.size() == 1 || effects[effects.size() - 2].event <= effects.back().event);
    }
    if (!grouped) group();
    for (std::size_t i = 1; i < effects.size(); ++i)
      if (effects[i].event == effects[i - 1].event) effects[i].ordinal = effects[i - 1].ordinal + 1;
    return {};
  }

 private:
  // Brings effects into the order of their events, in linear time; those of one event stay in
  // order.
  void group() {
    std::vector<std::size_t> next(event_count_ + 1);
    for (const Effect& e : answer_.effects) ++next[e.event + 1];
    std::partial_sum(next.begin(), next.end(), next.begin());
    std::vector<Effect> grouped(answer_.effects.size());
    for (const Effect& e : answer_.effects) grouped[next[e.event]++] = e;
    answer_.effects = std::move(grouped);
  }

  bool sound(const tidemill_effect& e) const {
    const bool its_output_takes_it = e.output < allowed_.size() && e.kind <= TIDEMILL_MERGE_ROW &&
                                     (allowed_[e.output] & bit(e.kind)) != 0;
    return e.event_index < event_count_ &&
           (e.kind == TIDEMILL_REPLY ? known_status(e.operand) : its_output_takes_it) &&
           (e.kind != TIDEMILL_MERGE_ROW || known_merge(e.merge)) && readable(e.key) &&
           readable(e.content_type) && readable(e.data) && sound_metadata(e);
  }

  static bool known_status(std::int64_t status) {
    return status >= reply_status_min && status <= reply_status_max;
  }

  static bool known_merge(std::uint32_t merge) {
    return merge >= static_cast<std::uint32_t>(MergeKind::sum) &&
           merge <= static_cast<std::uint32_t>(MergeKind::last);
  }

  static bool sound_metadata(const tidemill_effect& e) {
    if (e.metadata_count == 0) return true;
    if (e.metadata == nullptr || e.metadata_count > metadata_count_max) return false;
    for (std::uint32_t i = 0; i < e.metadata_count; ++i)
      if (!readable(e.metadata[i].name) || !readable(e.metadata[i].value)) return false;
    return true;
  }

  // What is wrong with an effect that is not sound, in the order of sound().
  std::string complaint(std::size_t i, const tidemill_effect& e) const {
    if (e.event_index >= event_count_)
      return fmt::format("effect {} names event {} of a batch of {}", i, e.event_index,
                         event_count_);
    if (e.kind == TIDEMILL_REPLY && !known_status(e.operand))
      return fmt::format("effect {} replies with status {}; those from {} to {} are taken", i,
                         e.operand, reply_status_min, reply_status_max);
    if (e.kind != TIDEMILL_REPLY && e.output >= allowed_.size())
      return fmt::format("effect {} names output {}, but it declares {}", i, e.output,
                         allowed_.size());
    if (e.kind > TIDEMILL_REPLY)
      return fmt::format("effect {} is of the unknown kind {}", i, e.kind);
    if (e.kind != TIDEMILL_REPLY && (allowed_[e.output] & bit(e.kind)) == 0) {
      const auto& output = decl_.outputs[e.output];
      return fmt::format("effect {} {}, but output '{}' carries {}", i, name_of(e.kind),
                         output.name, name_of(output.kind));
    }
    if (e.kind == TIDEMILL_MERGE_ROW && !known_merge(e.merge))
      return fmt::format("effect {} merges by the unknown kind {}", i, e.merge);
    if (e.metadata_count > metadata_count_max)
      return fmt::format("effect {} carries {} metadata entries; at most {} are taken", i,
                         e.metadata_count, metadata_count_max);
    return fmt::format("effect {} has a text without data", i);
  }

  Effect taken(const tidemill_effect& e) {
    const std::size_t first = metadata_.size();
    for (std::uint32_t i = 0; i < e.metadata_count; ++i)
      metadata_.push_back({text(e.metadata[i].name), text(e.metadata[i].value)});
    return {
        .kind = static_cast<EffectKind>(e.kind),
        .merge = e.kind == TIDEMILL_MERGE_ROW ? static_cast<MergeKind>(e.merge) : MergeKind::sum,
        .event = e.event_index,
        .output = e.kind == TIDEMILL_REPLY ? no_output : e.output,
        .ordinal = 0,
        .operand = e.operand,
        .key = text(e.key),
        .content_type = text(e.content_type),
        .data = text(e.data),
        .metadata = std::span<const Attribute>(metadata_).subspan(first)};
  }

  const config::FunctionDecl& decl_;
  std::size_t event_count_;
  std::vector<Attribute>& metadata_;
  Answer& answer_;
  std::vector<std::uint32_t> allowed_;  // By output.
  std::vector<bool> failed_;            // By event; empty while none failed.
};

}  // namespace

std::string kept_reason(std::string_view reason) {
  if (reason.size() <= reason_bytes_max) return std::string(reason);
  const auto continues = [&](std::size_t at) {
    return (static_cast<unsigned char>(reason[at]) & 0xC0) == 0x80;
  };
  std::size_t size = reason_bytes_max;
  // Not within a character of UTF-8, which has four bytes at most.
  while (size > reason_bytes_max - 4 && continues(size)) --size;
  return std::string(reason.substr(0, size)) + " ...";
}

Result<> read_response(const config::FunctionDecl& decl, std::size_t event_count,
                       const tidemill_response& response, std::vector<Attribute>& metadata,
                       Answer& answer) {
  if (response.size < sizeof(tidemill_response))
    return against_the_rules(fmt::format("its response has {} bytes", response.size));
  if (response.status == TIDEMILL_RETRY || response.status == TIDEMILL_BAD_EVENT)
    return fail(response.status == TIDEMILL_RETRY ? Fault::transient : Fault::bad_event,
                readable(response.reason) && response.reason.size != 0
                    ? kept_reason(text(response.reason))
                    : "the function failed without a reason");
  if (response.status != TIDEMILL_OK)
    return against_the_rules(
        fmt::format("its response has the unknown status {}", response.status));
  Reader reader(decl, event_count, metadata, answer);
  if (auto ok = reader.read_failures(
          {response.failures, response.failure_count, response.failure_stride});
      !ok)
    return ok;
  return reader.read_effects({response.effects, response.effect_count, response.effect_stride});
}

}  // namespace tidemill
