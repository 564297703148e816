#include "core/rehearsal/outcome.h"

#include <algorithm>
#include <boost/json.hpp>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

#include "core/dispatch/pipeline_totals.h"
#include "core/letters/letter_text.h"
#include "core/rehearsal/payload.h"
#include "core/rehearsal/time_text.h"
#include "core/state/keys.h"

namespace tidemill::rehearsal {
namespace {

namespace json = boost::json;

void put(json::object& record, std::string_view name, std::string_view text) {
  if (!text.empty()) record[name] = text;
}

// The row of a window is KEY@START, as for `table get`; without the parts of a second that are
// none.
std::string name_of(std::string_view key, const Row& row) {
  constexpr std::string_view no_part = ".000000Z";
  std::string name = state::row_name(key, row.window);
  if (row.window && name.ends_with(no_part))
    name.replace(name.size() - no_part.size(), no_part.size(), "Z");
  return name;
}

class Collector {
 public:
  Collector(Engine& engine, const Scene& scene, const Journal& journal, EventTime start)
      : engine_(engine), scene_(scene), journal_(journal), start_(start.value) {}

  Result<Outcome> collect() {
    outcome_.took = journal_.last();
    name_pipelines();
    add_invocations();
    for (const std::string& sink : scene_.sinks) outcome_.sinks[sink];
    for (const auto& [sink, records] : journal_.written()) outcome_.sinks[sink] = records;
    add_summary();
    if (auto read = add_dead_letters(); !read) return std::unexpected(read.error());
    if (auto read = add_tables(); !read) return std::unexpected(read.error());
    if (auto read = add_streams(StreamKind::queue, outcome_.queues); !read)
      return std::unexpected(read.error());
    if (auto read = add_streams(StreamKind::log, outcome_.logs); !read)
      return std::unexpected(read.error());
    return std::move(outcome_);
  }

 private:
  void name_pipelines() {
    const std::string& space = scene_.plan.name_space;
    for (const std::string& name : scene_.pipelines)
      if (const auto id = engine_.store().find_pipeline(space.empty() ? name : space + "/" + name))
        pipelines_[*id] = name;
  }

  std::string pipeline_name(PipelineId id) const {
    const auto known = pipelines_.find(id);
    return known == pipelines_.end() ? std::string() : known->second;
  }

  WallTime at_the_end() const {
    return WallTime(start_ + static_cast<std::uint64_t>(journal_.last().count()));
  }

  void add_invocations() {
    for (const Journal::Invocation& one : journal_.invocations()) {
      json::object record{{"pipeline", pipeline_name(one.pipeline)}};
      for (const auto& [name, value] : one.record) record[name] = value;
      outcome_.invocations.push_back(std::move(record));
    }
  }

  void add_summary() {
    for (const PipelineStatus& status : engine_.status()) {
      const bool of_the_user =
          std::ranges::find(scene_.pipelines, status.name) != scene_.pipelines.end();
      if (!of_the_user) continue;
      json::object& summary = outcome_.summary[status.name];
      for (const auto& [name, value] : pipeline_totals) summary[name] = status.stats.*value;
    }
  }

  Result<> add_dead_letters() {
    return engine_.store().each_dead_letter(
        std::nullopt, at_the_end(),
        [this](PipelineId pipeline, std::uint64_t, const DeadLetter& letter) {
          json::object record{{"event", journal_.name_of(std::string_view(letter.event_id))},
                              {"stage", letters::name_of(letter.stage)}};
          put(record, "sink", letter.sink);
          put(record, "reason", letter.reason);
          record["attempts"] = letter.attempts;
          put(record, "pipeline", pipeline_name(pipeline));
          put(record, "function", letter.function);
          put(record, "version", letter.function_version);
          const auto at = static_cast<std::int64_t>(letter.died.value - start_);
          record["at"] = time_text(Duration(at));
          put(record, "key", letter.key);
          record["data"] = shown_payload(letter.data);
          outcome_.dead_letters.push_back(std::move(record));
          return true;
        });
  }

  Result<> add_tables() {
    for (const auto& [name, id] : engine_.store().tables()) {
      json::array& rows = outcome_.tables[name];
      auto read = engine_.store().each_row(
          id, "", at_the_end(), [&rows](std::string_view key, const Row& row) {
            rows.push_back(
                json::object{{"key", name_of(key, row)}, {"data", shown_payload(row.body)}});
            return true;
          });
      if (!read) return read;
    }
    return {};
  }

  Result<> add_streams(StreamKind kind, Outcome::Records& records) {
    for (const auto& [name, id] : engine_.store().streams(kind)) {
      json::array& entries = records[name];
      const auto info = engine_.store().stream(kind, name, 1);
      if (!info) return std::unexpected(info.error());
      for (std::uint32_t i = 0; i < info->partitions; ++i) {
        const auto page = engine_.store().read_stream(info->id, Partition(i), 0,
                                                      std::numeric_limits<std::uint32_t>::max(),
                                                      std::numeric_limits<std::uint32_t>::max());
        if (!page) return std::unexpected(page.error());
        for (const StreamRecord& record : page->records)
          entries.push_back(entry(record, info->partitions > 1 ? std::optional(i) : std::nullopt));
      }
    }
    return {};
  }

  static json::object entry(const StreamRecord& record, std::optional<std::uint32_t> partition) {
    json::object shown;
    put(shown, "id", record.id);
    put(shown, "type", record.type);
    put(shown, "subject", record.subject);
    put(shown, "key", record.key);
    put(shown, "group", record.group);
    if (partition) shown["partition"] = *partition;
    shown["data"] = shown_payload(record.data);
    for (const Attribute& header : record.extensions) {
      json::value& headers = shown["headers"];
      if (!headers.is_object()) headers.emplace_object();
      headers.get_object()[header.name] = header.value;
    }
    return shown;
  }

  Engine& engine_;
  const Scene& scene_;
  const Journal& journal_;
  const std::uint64_t start_;
  std::map<PipelineId, std::string> pipelines_;
  Outcome outcome_;
};

}  // namespace

Result<Outcome> outcome_of(Engine& engine, const Scene& scene, const Journal& journal,
                           EventTime start) {
  return Collector(engine, scene, journal, start).collect();
}

}  // namespace tidemill::rehearsal
