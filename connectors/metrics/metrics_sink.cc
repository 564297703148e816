#include "metrics_sink.h"

#include <simdjson.h>

#include <algorithm>
#include <utility>

namespace tidemill::metrics {
namespace {

constexpr std::size_t label_bytes_max = 256;

std::string as_label(std::string text) {
  if (!simdjson::validate_utf8(text.data(), text.size())) return "(not UTF-8)";
  if (text.size() <= label_bytes_max) return text;
  std::size_t end = label_bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  text.resize(end);
  return text;
}

}  // namespace

MetricsSink::MetricsSink(std::vector<MetricRule> rules, Services services)
    : rules_(std::move(rules)), services_(std::move(services)), told_(rules_.size()) {}

SinkTraits MetricsSink::traits() const {
  return {.idempotence = idempotence,
          .takes_messages = true,
          .takes_objects = false,
          .concurrent_writes = false};
}

std::string MetricsSink::place() const { return "metrics:" + rules_.front().decl.name; }

Task<Result<>> MetricsSink::open() {
  meters_.clear();
  if (services_.meters == nullptr) co_return Result<>();
  for (const MetricRule& rule : rules_) {
    auto meter = services_.meters->meter(rule.decl);
    if (!meter) co_return std::unexpected(meter.error());
    meters_.push_back(std::move(*meter));
  }
  co_return Result<>();
}

Task<std::vector<Result<>>> MetricsSink::write(SinkBatch batch) {
  auto work = [this, batch] { return record(batch); };
  auto results = co_await run_blocking(services_.scheduler, std::move(work));
  co_return results;
}

// Runs on the pool, one at a time.
std::vector<Result<>> MetricsSink::record(const SinkBatch& batch) {
  std::vector<Result<>> results(batch.effects.size());
  for (std::size_t i = 0; i < batch.effects.size(); ++i) {
    const Effect& effect = batch.effects[i];
    auto readings = read(batch.events[effect.event], effect);
    if (!readings) {
      results[i] = std::unexpected(std::move(readings.error()));
      continue;
    }
    for (std::size_t k = 0; k < meters_.size(); ++k) {
      const Reading& reading = (*readings)[k];
      if (meters_[k]->record(reading.labels, reading.value) || told_[k]) continue;
      told_[k] = true;
      services_.log.write(LogLevel::warning,
                          "metric " + rules_[k].decl.name + " has " +
                              std::to_string(rules_[k].decl.series_max) +
                              " series and gets no more; what has other labels is left out");
    }
  }
  if (std::ranges::all_of(results, [](const auto& r) { return r.has_value(); })) results.clear();
  return results;
}

Result<std::vector<MetricsSink::Reading>> MetricsSink::read(const Event& event,
                                                            const Effect& effect) const {
  std::vector<Reading> readings(rules_.size());
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    const MetricRule& rule = rules_[i];
    const auto failed = [&rule](const Error& error, std::string_view part) {
      std::string message = rule.decl.name;
      return fail(error.fault, message.append(": ").append(part).append(": ") + error.message);
    };
    for (std::size_t k = 0; k < rule.labels.size(); ++k) {
      auto text = rule.labels[k]->text(event, effect);
      if (!text) return failed(text.error(), rule.decl.labels[k]);
      readings[i].labels.push_back(as_label(std::move(*text)));
    }
    if (rule.value == nullptr) continue;
    const bool counts = rule.decl.kind == MeterKind::counter;
    const auto number = rule.value->number(event, effect);
    if (!number) return failed(number.error(), counts ? "by" : "value");
    if (counts && *number < 0)
      return fail(Fault::bad_event, rule.decl.name + ": by: a counter does not go down");
    readings[i].value = *number;
  }
  return readings;
}

Task<> MetricsSink::close() { co_return; }

}  // namespace tidemill::metrics
