#include "core/dispatch/dedupe.h"

#include <algorithm>
#include <utility>

#include "core/base/mutation.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace tidemill {
namespace {

// A read that fails by chance is made again; one that goes on failing stops the pipeline.
constexpr int read_tries = 5;
constexpr auto read_again_after = std::chrono::seconds(1);

std::string_view text_of(const Event& event, const DedupePolicy& policy) {
  switch (policy.by) {
    case DedupeBy::native:
      return event.id;
    case DedupeBy::body_hash:
      return event.before_map != nullptr ? event.before_map->data : event.data.view();
    case DedupeBy::header:
      for (const Attribute& extension : event.extensions)
        if (extension.name == policy.header) return extension.value;
      return {};
    case DedupeBy::none:
      break;
  }
  return {};
}

}  // namespace

std::optional<DedupeId> Dedupe::id_of(const Event& event) const {
  const std::string_view text = text_of(event, policy_);
  if (text.empty()) return std::nullopt;
  const std::uint64_t source = XXH3_64bits(event.source.data(), event.source.size());
  const XXH128_hash_t hash = XXH3_128bits_withSeed(text.data(), text.size(), source);
  return DedupeId{hash.high64, hash.low64};
}

Task<Result<Dedupe::Sorted>> Dedupe::sort(std::vector<Event> events) {
  std::vector<DedupeId> ids;  // To be looked for, ascending with the events that have one.
  std::vector<std::pair<Event, bool>> rest;  // In order; true: its id is the next of `ids`.
  for (Event& event : events) {
    const auto id = id_of(event);
    if (!id) {
      rest.emplace_back(std::move(event), false);
      continue;
    }
    const auto [place, first] = under_way_.try_emplace(*id);
    if (first || mutated(Mutation::ignore_ids_in_flight)) {
      ids.push_back(*id);
      rest.emplace_back(std::move(event), true);
    } else {
      place->second.push_back(std::move(event));
    }
  }

  Result<std::vector<bool>> settled;
  Result<std::vector<std::string>> replies;
  if (!ids.empty()) {
    const std::uint64_t now = scheduler_.wall().value;
    const auto horizon = static_cast<std::uint64_t>(policy_.horizon.count());
    const WallTime since(now - std::min(now, horizon));
    settled = co_await look_up(
        [this, &ids, since] { return store_.settled_before(pipeline_, ids, since); });
    if (!settled) co_return std::unexpected(settled.error());
    if (replies_ && std::ranges::find(*settled, true) != settled->end())
      replies = co_await look_up(
          [this, &ids, since] { return store_.replies_to(pipeline_, ids, since); });
    if (!replies) co_return std::unexpected(replies.error());
  }
  Sorted sorted;
  std::size_t asked = 0;
  for (auto& [event, has_id] : rest) {
    if (!has_id || !(*settled)[asked]) {
      sorted.fresh.push_back(std::move(event));
    } else {
      for (Event& repeat : forget(event)) sorted.settled.push_back(std::move(repeat));
      sorted.settled.push_back(std::move(event));
      if (replies_) sorted.told.resize(sorted.settled.size(), read_told((*replies)[asked]));
    }
    asked += has_id ? 1 : 0;
  }
  co_return sorted;
}

template <class Look>
Task<std::invoke_result_t<Look&>> Dedupe::look_up(Look look) {
  for (int tries = 1;; ++tries) {
    auto found = co_await run_on(disk_, look);
    if (found || store_.failed() || tries == read_tries) co_return found;
    co_await sleep_until(scheduler_, scheduler_.now() + read_again_after);
  }
}

std::vector<Event> Dedupe::forget(const Event& event) {
  const auto id = id_of(event);
  return id ? forget(*id) : std::vector<Event>();
}

std::vector<Event> Dedupe::forget(const DedupeId& id) {
  const auto place = under_way_.find(id);
  if (place == under_way_.end()) return {};
  std::vector<Event> repeats = std::move(place->second);
  under_way_.erase(place);
  return repeats;
}

}  // namespace tidemill
