// The generate connector: made-up events, the same at every run with the same options.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "template_text/payload.h"
#include "tidemill/registry.h"

namespace tidemill::generate {

struct TimeOptions {
  std::string start = "2026-01-01T00:00:00Z";
  std::chrono::microseconds step = std::chrono::seconds(1);
};

struct Config {
  std::uint64_t count = 0;
  Rate rate;
  std::uint64_t seed = 1;
  std::string payload;
  TimeOptions time;
  std::string key;
  std::string content_type = "application/json";
  ByteSize size{200};
  std::uint32_t keys = 100;
  std::uint32_t partitions = 1;
};

ConfigSpec<Config> source_spec();

/// What the events say.
///
/// Errors: bad_config (a template that is none).
Result<std::unique_ptr<template_text::Payload>> make_payload(const Config& config);

void register_with(Registry& registry);

}  // namespace tidemill::generate
