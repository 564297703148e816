#include "generate.h"

#include <memory>
#include <utility>

#include "generate_source.h"
#include "records/key_field.h"
#include "row_payload.h"
#include "template_text/template_payload.h"
#include "template_text/utc_text.h"

namespace tidemill::generate {

using template_text::TemplatePayload;
using template_text::utc_micros;

namespace {

ConfigSpec<TimeOptions> time_spec() {
  return ConfigSpec<TimeOptions>("What {{time}} writes.")
      .field("start", &TimeOptions::start, "Of event 0, in UTC.")
      .field("step", &TimeOptions::step, "From each event to the next.")
      .check("time.start takes an instant such as 2026-01-31 or 2026-01-31T12:00:00Z",
             [](const TimeOptions& t) { return utc_micros(t.start).has_value(); });
}

}  // namespace

ConfigSpec<Config> source_spec() {
  return ConfigSpec<Config>("Makes up JSON events, for trying things out and for measuring.")
      .field("count", &Config::count, "How many; 0: no end (then not with --until-idle).",
             option::Limits{0, 1e15})
      .field("rate", &Config::rate, "At most this many per second; 0: as fast as they are taken.")
      .field("seed", &Config::seed, "Other seeds make up other events.")
      .field("payload", &Config::payload,
             "What each event says, with placeholders to fill in, as {{index}}, {{uuid}} or "
             "{{choice a b}}; without it a row of JSON.")
      .group("time", &Config::time, time_spec())
      .field("key", &Config::key,
             "Where the key of an event stands in its JSON, as .user or .user.id; without it the "
             "key is what {{key}} wrote.")
      .field("content_type", &Config::content_type, "What the payload is.")
      .field("size", &Config::size,
             "Bytes of each event's JSON, at least what its fields need; without a payload.",
             in_range(0, 1024 * 1024))
      .field("keys", &Config::keys, "How many different keys there are, of a row and of {{key}}.",
             at_least(1))
      .field("partitions", &Config::partitions,
             "How many partitions the events are dealt out to, in turn.", in_range(1, 4096))
      .check("key takes a path such as .user or .user.id",
             [](const Config& c) { return c.key.empty() || records::KeyField::is_path(c.key); });
}

Result<std::unique_ptr<template_text::Payload>> make_payload(const Config& config) {
  if (config.payload.empty())
    return std::make_unique<RowPayload>(config.seed, config.size.value, config.keys);
  const TemplatePayload::Terms terms{
      .seed = config.seed,
      .keys = config.keys,
      .start_us = utc_micros(config.time.start).value_or(0),
      .step_us = static_cast<std::uint64_t>(config.time.step.count())};
  auto made = TemplatePayload::parse(config.payload, terms);
  if (!made) return fail(Fault::bad_config, "payload: " + made.error().message);
  return std::move(*made);
}

void register_with(Registry& registry) {
  registry.add_source(
      "generate", source_spec(),
      [](const Config& config, Services services) -> Result<std::unique_ptr<Source>> {
        auto payload = make_payload(config);
        if (!payload) return std::unexpected(payload.error());
        return std::make_unique<GenerateSource>(config, std::move(*payload), std::move(services));
      });
}

}  // namespace tidemill::generate
