#include "core/state/inspect.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string>
#include <vector>

#include "core/base/json_line.h"
#include "core/state/keys.h"

namespace tidemill::inspect {
namespace {

template <class Named>
std::unexpected<Error> no_such(std::string_view kind, std::string_view name, const Named& known) {
  std::vector<std::string_view> names;
  for (const auto& [each, number] : known) names.emplace_back(each);
  if (names.empty()) {
    return fail(Fault::bad_config,
                fmt::format("there is no {0} {1}; there is no {0} yet", kind, name));
  }
  return fail(Fault::bad_config,
              fmt::format("there is no {0} {1}; {0}s: {2}", kind, name, fmt::join(names, ", ")));
}

Result<TableId> find_table(const RocksStore& store, std::string_view name) {
  if (const auto table = store.find_table(name)) return *table;
  return no_such("table", name, store.tables());
}

std::string row_line(std::string_view key, const Row& row) {
  JsonLine line;
  line.text("key", key).body("value", row.body).time("time", row.time.value);
  if (row.merge_refused) line.raw("merge_refused", "true");
  return line.finish();
}

std::string table_name(const RocksStore& store, TableId table) {
  for (const auto& [name, number] : store.tables()) {
    if (number == table) return name;
  }
  return fmt::format("#{}", table.value);
}

std::string clocks_json(const RocksStore& store, const std::vector<ClockProgress>& clocks) {
  std::string text;
  for (const ClockProgress& clock : clocks) {
    text += text.empty() ? "[" : ",";
    text += JsonLine()
                .text("table", table_name(store, clock.table))
                .time("latest", clock.latest.value)
                .number("late", clock.late)
                .number("dropped", clock.dropped)
                .finish();
  }
  return text + ']';
}

std::string ranges(const std::vector<OffsetRange>& settled) {
  std::string text;
  for (const OffsetRange& range : settled) {
    text += fmt::format("{}[{},{}]", text.empty() ? "" : ",", range.begin.value, range.end.value);
  }
  return text;
}

}  // namespace

Result<PipelineId> find_pipeline(const RocksStore& store, std::string_view name) {
  if (const auto pipeline = store.find_pipeline(name)) return *pipeline;
  return no_such("pipeline", name, store.pipelines());
}

Result<> table_list(const RocksStore& store, Form form, const LineSink& lines) {
  for (const auto& [name, number] : store.tables()) {
    const std::string line =
        form == Form::text ? name
                           : JsonLine().text("table", name).number("id", number.value).finish();
    if (!lines(line)) break;
  }
  return {};
}

Result<> table_get(const RocksStore& store, std::string_view table, std::string_view key,
                   WallTime now, Form form, const LineSink& lines) {
  const auto found = find_table(store, table);
  if (!found) return std::unexpected(found.error());
  const auto row = store.row_named(*found, key, now);
  if (!row) return std::unexpected(row.error());
  const auto line = [form](std::string_view of, const Row& each) {
    return form == Form::text ? each.body : row_line(of, each);
  };
  if (*row) {
    lines(line(key, **row));
    return {};
  }
  bool any = false;
  auto scanned = store.each_row(*found, key, now, [&](std::string_view each, const Row& window) {
    if (each != key) return false;
    any = true;
    return lines(line(each, window));
  });
  if (scanned && !any)
    return fail(Fault::bad_config, fmt::format("table {} has no row {}", table, key));
  return scanned;
}

Result<ScanEnd> table_scan(const RocksStore& store, std::string_view table,
                           const ScanOptions& options, WallTime now, Form form,
                           const LineSink& lines) {
  const auto found = find_table(store, table);
  if (!found) return std::unexpected(found.error());
  ScanEnd end;
  if (options.limit == 0) return end;
  auto scanned = store.each_row(
      *found, options.prefix, options.after, now, [&](std::string_view key, const Row& row) {
        ++end.rows;
        end.last_key = state::row_name(key, row.window);
        const bool more =
            lines(form == Form::text ? fmt::format("{}\t{}", key, row.body) : row_line(key, row));
        return more && end.rows < options.limit;
      });
  if (!scanned) return std::unexpected(scanned.error());
  return end;
}

Result<std::uint64_t> table_count(const RocksStore& store, std::string_view table, WallTime now) {
  const auto found = find_table(store, table);
  if (!found) return std::unexpected(found.error());
  std::uint64_t rows = 0;
  auto scanned = store.each_row(*found, "", now, [&rows](std::string_view, const Row&) {
    ++rows;
    return true;
  });
  if (!scanned) return std::unexpected(scanned.error());
  return rows;
}

namespace {

// PIPELINE/SINK, by today's name of the pipeline. An archive that no pipeline has any more keeps
// the number.
std::string archive_name(const RocksStore& store, std::string name) {
  for (const auto& [pipeline, id] : store.pipelines()) {
    const std::string number = std::to_string(id.value) + '/';
    if (name.starts_with(number)) return pipeline + name.substr(number.size() - 1);
  }
  return name;
}

// What waits for its objects, by the hours that those are of.
Result<> archive_list(RocksStore& store, Form form, const LineSink& lines) {
  for (const auto& [stored_name, id] : store.streams(StreamKind::archive)) {
    if (auto opened = store.stream(StreamKind::archive, stored_name, 0); !opened)
      return std::unexpected(opened.error());
    const auto partitions = store.stream_partitions(id);
    if (!partitions) return std::unexpected(partitions.error());
    std::uint64_t hours = 0, records = 0, bytes = 0;
    for (const Partition partition : *partitions) {
      if (partition == archive_plans) continue;
      const auto state = store.stream_state(id, partition);
      if (!state) return std::unexpected(state.error());
      ++hours;
      records += state->records;
      bytes += state->bytes;
    }
    const std::string name = archive_name(store, stored_name);
    const std::string line = form == Form::text
                                 ? fmt::format("archive {}: {} in its stage, {} bytes, {} hours",
                                               name, records, bytes, hours)
                                 : JsonLine()
                                       .text("kind", "archive")
                                       .text("name", name)
                                       .number("partitions", hours)
                                       .number("records", records)
                                       .number("bytes", bytes)
                                       .finish();
    if (!lines(line)) return {};
  }
  return {};
}

}  // namespace

Result<> stream_list(RocksStore& store, Form form, const LineSink& lines) {
  for (const auto& [kind, word] :
       {std::pair(StreamKind::queue, "queue"), std::pair(StreamKind::log, "log"),
        std::pair(StreamKind::changes, "changes")}) {
    for (const auto& [name, id] : store.streams(kind)) {
      const auto info = store.stream(kind, name, 1);
      if (!info) return std::unexpected(info.error());
      StreamState all{.first = 0, .next = 0};
      for (std::uint32_t i = 0; i < info->partitions; ++i) {
        const auto state = store.stream_state(info->id, Partition(i));
        if (!state) return std::unexpected(state.error());
        all.records += state->records;
        all.bytes += state->bytes;
        all.next += state->next - 1;
      }
      const std::string line = form == Form::text
                                   ? fmt::format("{} {}: {} in it, {} bytes, {} put so far", word,
                                                 name, all.records, all.bytes, all.next)
                                   : JsonLine()
                                         .text("kind", word)
                                         .text("name", name)
                                         .number("partitions", info->partitions)
                                         .number("records", all.records)
                                         .number("bytes", all.bytes)
                                         .number("put", all.next)
                                         .finish();
      if (!lines(line)) return {};
    }
  }
  return archive_list(store, form, lines);
}

Result<> progress_show(RocksStore& store, std::string_view pipeline, Form form,
                       const LineSink& lines) {
  const auto found = find_pipeline(store, pipeline);
  if (!found) return std::unexpected(found.error());
  const std::string source = store.source_identity(*found);
  const auto logs = store.log_progress(*found);
  if (!logs) return std::unexpected(logs.error());
  for (const LogProgress& log : *logs) {
    const std::string settled = ranges(log.settled);
    if (form == Form::json) {
      JsonLine line;
      line.text("pipeline", pipeline)
          .text("source", source)
          .number("partition", log.partition.value)
          .number("next", log.next.value)
          .raw("settled", '[' + settled + ']');
      if (!log.clocks.empty()) line.raw("aggregates", clocks_json(store, log.clocks));
      if (!lines(line.finish())) return {};
      continue;
    }
    if (!lines(fmt::format("{} partition {} next {}{}{}", source, log.partition.value,
                           log.next.value, settled.empty() ? "" : " settled ahead ", settled)))
      return {};
    for (const ClockProgress& clock : log.clocks) {
      if (!lines(fmt::format("  aggregate {} has seen {}, {} late, {} dropped",
                             table_name(store, clock.table),
                             clock.latest.value == 0 ? "no time" : rfc3339(clock.latest.value),
                             clock.late, clock.dropped)))
        return {};
    }
  }
  return store.each_object(*found, [&](std::string_view key, std::string_view version) {
    return lines(form == Form::text ? fmt::format("{} object {} version {}", source, key, version)
                                    : JsonLine()
                                          .text("pipeline", pipeline)
                                          .text("source", source)
                                          .text("object", key)
                                          .text("version", version)
                                          .finish());
  });
}

Result<> progress_reset(RocksStore& store, std::string_view pipeline, Form form,
                        const LineSink& lines) {
  const auto found = find_pipeline(store, pipeline);
  if (!found) return std::unexpected(found.error());
  const auto removed = store.reset_progress(*found);
  if (!removed) return std::unexpected(removed.error());
  lines(form == Form::text ? fmt::format("removed progress of {}: {} partitions, {} objects",
                                         pipeline, removed->partitions, removed->objects)
                           : JsonLine()
                                 .text("pipeline", pipeline)
                                 .number("partitions", removed->partitions)
                                 .number("objects", removed->objects)
                                 .finish());
  return {};
}

}  // namespace tidemill::inspect
