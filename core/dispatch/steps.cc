#include "core/dispatch/steps.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "core/base/mutation.h"
#include "core/dispatch/row_key.h"
#include "core/dispatch/source_marks.h"

namespace tidemill {
namespace {

// Keeps alive what the event was made of, for whatever it still views there.
struct Mapped {
  Bytes source;
  Payload before;
  std::string data;
};

std::string where(std::size_t step, std::string_view kind, const std::string& reason) {
  std::string text = "step " + std::to_string(step + 1);
  return text.append(", ").append(kind).append(": ").append(reason);
}

}  // namespace

Steps::Steps(std::vector<Step> steps) : steps_(std::move(steps)), scratches_(steps_.size()) {
  slow_ = std::ranges::any_of(steps_, [](const Step& step) {
    const auto* const map = std::get_if<expression::Expression>(&step);
    return map != nullptr && runs_jq(*map);
  });
}

Result<> Steps::run(std::span<Event> events, std::uint64_t bytes_max, const std::atomic<bool>& stop,
                    std::vector<Passage>& passages) {
  std::uint64_t made = 0;
  for (Event& event : events) {
    if (stop.load(std::memory_order_relaxed)) break;
    Result<Passage> passage;
    if (unusable(event) == nullptr) passage = take(event);
    if (!passage) return std::unexpected(std::move(passage.error()));
    passages.push_back(std::move(*passage));
    if (event.before_map != nullptr) made += event.data.size();
    if (made >= bytes_max) break;
  }
  return {};
}

Result<Steps::Passage> Steps::take(Event& event) {
  std::shared_ptr<Mapped> mine;
  const auto leave = [&](Passage passage) {
    if (mine == nullptr) return passage;
    event.content_type = mine->before.content_type;
    event.data = mine->source;
    event.before_map = nullptr;
    return passage;
  };
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    if (const auto* const filter = std::get_if<pattern::PatternSet>(&steps_[i])) {
      const auto matches = filter->match(event, scratches_[i]);
      if (!matches)
        return leave({Passage::End::failed, where(i, "filter", matches.error().message)});
      if (matches->empty() && !mutated(Mutation::invoke_filtered))
        return leave({Passage::End::filtered});
      continue;
    }
    auto values = mapped(std::get<expression::Expression>(steps_[i]), event, event.data.view());
    if (!values && values.error().fault == Fault::bad_config)
      return std::unexpected(std::move(values.error()));
    if (!values) return leave({Passage::End::failed, where(i, "map", values.error().message)});
    if (values->empty()) return leave({Passage::End::filtered});
    if (values->size() > 1)
      return leave({Passage::End::failed,
                    where(i, "map",
                          "gives " + std::to_string(values->size()) +
                              " values, and an event has one; let a sink's map give them")});
    if (mine == nullptr) {
      mine =
          std::make_shared<Mapped>(Mapped{event.data, {event.data.view(), event.content_type}, {}});
      event.content_type = type_of_mapped(event.content_type);
      event.before_map = &mine->before;
    }
    mine->data = std::move(values->front().text);
    event.data = Bytes(mine->data, mine);
  }
  return Passage{};
}

Result<std::vector<expression::Value>> mapped(const expression::Expression& map, const Event& event,
                                              std::string_view data) {
  if (!map.reads_event()) return map.evaluate(data, {});
  const SeenEvent seen(event);
  return map.evaluate(data, seen.view());
}

std::string_view type_of_mapped(std::string_view content_type) {
  constexpr std::string_view json = "application/json";
  const auto type = content_type.substr(0, content_type.find(';'));
  return type == json || type.ends_with("+json") ? content_type : json;
}

Event as_it_came(const Event& event) {
  Event came = event;
  if (event.before_map == nullptr || mutated(Mutation::bury_the_mapped)) return came;
  came.data = event.data.slice(event.before_map->data);
  came.content_type = event.before_map->content_type;
  came.before_map = nullptr;
  return came;
}

}  // namespace tidemill
