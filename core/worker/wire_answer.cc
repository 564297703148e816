#include "core/worker/wire_answer.h"

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

#include "core/invoke/response_reader.h"
#include "core/worker/wire.h"

namespace tidemill::worker {
namespace {

constexpr std::uint32_t fields = 7;

std::string_view view(std::string_view text) { return text; }
std::string_view view(const Bytes& bytes) { return bytes.view(); }
std::string_view view(tidemill_slice s) { return {s.data, s.size}; }

// The numbers of Reference::field, of the engine's event and of the worker's. The likeliest come
// first.
template <class AnyEvent>
std::string_view event_field(const AnyEvent& event, std::uint32_t field) {
  switch (field) {
    case 1:
      return view(event.data);
    case 2:
      return view(event.key);
    case 3:
      return view(event.subject);
    case 4:
      return view(event.id);
    case 5:
      return view(event.content_type);
    case 6:
      return view(event.type);
    default:
      return view(event.source);
  }
}

bool within(std::string_view part, std::string_view whole) {
  // std::less orders pointers into different arrays, where < is not defined.
  const std::less_equal<> before;
  return before(whole.data(), part.data()) &&
         before(part.data() + part.size(), whole.data() + whole.size());
}

Reference refer(AreaWriter& writer, std::string_view text, const tidemill_event& event) {
  if (text.empty()) return {};
  for (std::uint32_t field = 1; field <= fields; ++field) {
    const auto whole = event_field(event, field);
    if (within(text, whole))
      return {field, static_cast<std::uint32_t>(text.data() - whole.data()),
              static_cast<std::uint32_t>(text.size())};
  }
  const Text written = writer.text(text);
  return {0, written.offset, written.size};
}

bool write_effects(AreaWriter& writer, std::span<const tidemill_event> events,
                   const Answer& answer) {
  std::size_t pair_count = 0;
  for (const Effect& effect : answer.effects) pair_count += effect.metadata.size();
  const auto heads = writer.structs<AnswerHead>(1);
  const auto effects = writer.structs<WireEffect>(answer.effects.size());
  const auto failures = writer.structs<WireFailure>(answer.failures.size());
  auto pairs = writer.structs<Pair>(pair_count);
  if (!writer.fits()) return false;
  heads[0] = {};
  heads[0].effect_count = static_cast<std::uint32_t>(effects.size());
  heads[0].failure_count = static_cast<std::uint32_t>(failures.size());
  heads[0].pair_count = static_cast<std::uint32_t>(pair_count);
  for (std::size_t i = 0; i < effects.size(); ++i) {
    const Effect& e = answer.effects[i];
    const tidemill_event& event = events[e.event];
    WireEffect& w = effects[i];
    w.operand = e.operand;
    w.kind = static_cast<std::uint32_t>(e.kind);
    w.merge = static_cast<std::uint32_t>(e.merge);
    w.event = e.event;
    w.output = e.output;
    w.pair_count = static_cast<std::uint32_t>(e.metadata.size());
    w.key = refer(writer, e.key, event);
    w.content_type = refer(writer, e.content_type, event);
    w.data = refer(writer, e.data, event);
    for (const Attribute& a : e.metadata) {
      pairs.front() = {writer.text(a.name), writer.text(a.value)};
      pairs = pairs.subspan(1);
    }
  }
  for (std::size_t i = 0; i < failures.size(); ++i) {
    const EventFailure& f = answer.failures[i];
    failures[i] = {f.event, static_cast<std::uint32_t>(f.fault), writer.text(f.reason)};
  }
  return writer.fits();
}

std::size_t write_error(std::span<char> area, const Error& error) {
  AreaWriter writer(area);
  const auto heads = writer.structs<AnswerHead>(1);
  heads[0] = {};
  heads[0].failed = 1;
  heads[0].fault = static_cast<std::uint32_t>(error.fault);
  const std::string_view reason = error.message;
  heads[0].reason = writer.text(reason.substr(0, area.size() - writer.used()));
  return writer.used();
}

std::unexpected<Error> broken() {
  return fail(Fault::transient, "the worker answered against the rules of its channel");
}

// What an answer's effects may view, besides its events.
struct Held {
  std::shared_ptr<const char[]> bytes;
  std::vector<Attribute> metadata;
};

// Turns the wire into the structs of a response in process, so that one reader judges both.
class Decoder {
 public:
  Decoder(std::string_view area, std::span<const Event> events) : reader_(area), events_(events) {}

  Result<> read_head(std::uint64_t invocation) {
    const auto heads = reader_.structs<AnswerHead>(1);
    if (!reader_.sound() || heads[0].invocation != invocation) return broken();
    head_ = heads[0];
    return {};
  }

  bool failed() const { return head_.failed != 0; }

  Result<Error> error() {
    const auto fault = static_cast<Fault>(head_.fault);
    Error error{fault, kept_reason(reader_.text(head_.reason))};
    // A handler can say no more: what puts a batch off, and for how long, is the engine's to say.
    if (!reader_.sound() || (fault != Fault::transient && fault != Fault::bad_event))
      return broken();
    return error;
  }

  Result<tidemill_response> response() {
    const auto effects = reader_.structs<WireEffect>(head_.effect_count);
    const auto failures = reader_.structs<WireFailure>(head_.failure_count);
    const auto pairs = reader_.structs<Pair>(head_.pair_count);
    if (!reader_.sound()) return broken();
    pairs_.reserve(pairs.size());
    for (const Pair& pair : pairs) pairs_.push_back({slice(pair.name), slice(pair.value)});
    effects_.resize(effects.size());
    std::size_t pairs_used = 0;
    for (std::size_t i = 0; i < effects.size(); ++i) {
      const WireEffect& w = effects[i];
      if (w.pair_count > pairs_.size() - pairs_used || w.event >= events_.size()) return broken();
      effects_[i] = {.size = sizeof(tidemill_effect),
                     .kind = w.kind,
                     .event_index = w.event,
                     .output = w.output,
                     .merge = w.merge,
                     .metadata_count = w.pair_count,
                     .operand = w.operand,
                     .key = slice(w.key, events_[w.event]),
                     .content_type = slice(w.content_type, events_[w.event]),
                     .data = slice(w.data, events_[w.event]),
                     .metadata = pairs_.data() + pairs_used};
      pairs_used += w.pair_count;
    }
    for (const WireFailure& w : failures)
      failures_.push_back({.size = sizeof(tidemill_failure),
                           .fault = w.fault == static_cast<std::uint32_t>(Fault::bad_event)
                                        ? TIDEMILL_BAD_EVENT
                                        : TIDEMILL_RETRY,
                           .event_index = w.event,
                           .reserved = 0,
                           .reason = slice(w.reason)});
    if (!reader_.sound()) return broken();
    return tidemill_response{.size = sizeof(tidemill_response),
                             .status = TIDEMILL_OK,
                             .reason = {},
                             .effects = effects_.data(),
                             .effect_count = effects_.size(),
                             .effect_stride = sizeof(tidemill_effect),
                             .failures = failures_.data(),
                             .failure_count = failures_.size(),
                             .failure_stride = sizeof(tidemill_failure)};
  }

 private:
  tidemill_slice slice(Text text) {
    const auto view = reader_.text(text);
    return {view.data(), view.size()};
  }

  tidemill_slice slice(const Reference& r, const Event& event) {
    if (r.field == 0) return slice(Text{r.offset, r.size});
    const auto whole = event_field(event, r.field);
    if (r.field > fields || r.offset > whole.size() || r.size > whole.size() - r.offset) {
      reader_.spoil();
      return {};
    }
    return {whole.data() + r.offset, r.size};
  }

  AreaReader reader_;
  std::span<const Event> events_;
  AnswerHead head_;
  std::vector<tidemill_pair> pairs_;
  std::vector<tidemill_effect> effects_;
  std::vector<tidemill_failure> failures_;
};

}  // namespace

std::size_t write_answer(std::span<char> area, std::uint64_t invocation,
                         std::span<const tidemill_event> events, const Answer& answer) {
  std::size_t used = 0;
  if (answer.error) {
    used = write_error(area, *answer.error);
  } else if (AreaWriter writer(area); write_effects(writer, events, answer)) {
    used = writer.used();
  } else {
    const Error error{Fault::transient,
                      "the response is larger than the memory of its function (memory:)"};
    used = write_error(area, error);
  }
  reinterpret_cast<AnswerHead*>(area.data())->invocation = invocation;
  return used;
}

Result<> read_answer(const config::FunctionDecl& decl, const Request& request,
                     std::uint64_t invocation, std::shared_ptr<const char[]> bytes,
                     std::size_t size, Answer& out) {
  Decoder decoder({bytes.get(), size}, request.events);
  if (auto ok = decoder.read_head(invocation); !ok) return ok;
  if (decoder.failed()) {
    auto error = decoder.error();
    if (!error) return std::unexpected(error.error());
    out.error = std::move(*error);
    return {};
  }
  const auto response = decoder.response();
  if (!response) return std::unexpected(response.error());
  auto held = std::make_shared<Held>(std::move(bytes));
  Answer answer;
  if (auto ok = read_response(decl, request.events.size(), *response, held->metadata, answer); !ok)
    return ok;
  answer.keep = std::move(held);
  out = std::move(answer);
  return {};
}

}  // namespace tidemill::worker
