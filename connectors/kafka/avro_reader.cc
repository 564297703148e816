#include "avro_reader.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace tidemill::kafka {
namespace {

constexpr std::size_t schemas_max = 1000;
constexpr std::size_t schema_bytes_max = 32u << 20;
constexpr std::uint64_t json_bytes_max = 64u << 20;
// A buffer that one large record has left behind.
constexpr std::size_t json_bytes_kept = 1u << 20;
// A replica of a registry may be a little behind the producers.
constexpr auto refused_for = std::chrono::seconds(10);
constexpr Duration first_pause = std::chrono::seconds(1);
constexpr Duration longest_pause = std::chrono::seconds(30);

std::string_view value_of(const rd_kafka_message_t& message) {
  return {static_cast<const char*>(message.payload), message.len};
}

}  // namespace

AvroReader::AvroReader(std::unique_ptr<avro::SchemaRegistry> registry, const SourceConfig& config,
                       const Services& services, std::function<void()> changed)
    : registry_(std::move(registry)),
      topic_(config.topic),
      scheduler_(services.scheduler),
      log_(services.log),
      changed_(std::move(changed)),
      wake_(scheduler_),
      ended_(scheduler_) {}

void AvroReader::start() {
  running_ = true;
  spawn(scheduler_, run());
}

Task<> AvroReader::stop() {
  stopping_ = true;
  registry_->interrupt();
  wake_.notify();
  while (running_) co_await ended_.wait();
}

std::optional<Decoded> AvroReader::read(const rd_kafka_message_t& message) {
  if (message.payload == nullptr) return Decoded{.json = "null", .refusal = {}};
  const auto refused = [this](std::string why) {
    refusal_ = std::move(why);
    return Decoded{.json = {}, .refusal = refusal_};
  };
  const auto framed = avro::unframe(value_of(message));
  if (!framed) return refused(framed.error().message);
  const Known* const known = find(framed->schema);
  if (known == nullptr) {
    wanted_[framed->schema].insert(message.partition);
    wake_.notify();
    return std::nullopt;
  }
  if (known->schema == nullptr) return refused(known->refusal);
  if (json_.capacity() > json_bytes_kept) json_ = {};
  json_.clear();
  const auto read = avro::append_json(json_, *known->schema, framed->value, json_bytes_max);
  if (!read)
    return refused("it is not of schema " + std::to_string(framed->schema) + ": " +
                   read.error().message);
  return Decoded{.json = json_, .refusal = {}};
}

AvroReader::Known* AvroReader::find(std::uint32_t id) {
  if (last_ == nullptr || last_id_ != id) {
    const auto found = known_.find(id);
    if (found == known_.end()) return nullptr;
    last_ = &found->second;
    last_id_ = id;
    last_->used = ++uses_;
  }
  const bool stale = last_->schema == nullptr && scheduler_.now() >= last_->ask_again;
  return stale ? nullptr : last_;
}

void AvroReader::remember(std::uint32_t id, Known known) {
  const auto weight = [](const Known& one) {
    return one.schema == nullptr ? one.refusal.size() : one.schema->bytes();
  };
  const auto forget = [&](auto one) {
    known_bytes_ -= weight(one->second);
    known_.erase(one);
  };
  last_ = nullptr;
  if (const auto before = known_.find(id); before != known_.end()) forget(before);
  const auto less_used = [](const auto& a, const auto& b) { return a.second.used < b.second.used; };
  known_bytes_ += weight(known);
  while (!known_.empty() && (known_.size() >= schemas_max || known_bytes_ > schema_bytes_max))
    forget(std::ranges::min_element(known_, less_used));
  known.used = ++uses_;
  known_.emplace(id, std::move(known));
}

// In turn, so that one that the registry fails at keeps nobody from the others.
std::uint32_t AvroReader::next_wanted() const {
  const auto next = wanted_.upper_bound(asked_);
  return next == wanted_.end() ? wanted_.begin()->first : next->first;
}

Task<> AvroReader::run() {
  Duration pause = first_pause;
  while (!stopping_) {
    if (wanted_.empty()) {
      co_await wake_.wait();
      continue;
    }
    asked_ = next_wanted();
    auto ask = [this] { return registry_->fetch(asked_); };
    auto fetched = co_await run_blocking(scheduler_, std::move(ask));
    if (stopping_) break;
    if (fetched || fetched.error().fault == Fault::bad_event) {
      Known known;
      if (fetched) {
        known.schema = std::move(*fetched);
      } else {
        known.refusal = fetched.error().message;
        known.ask_again = scheduler_.now() + refused_for;
      }
      remember(asked_, std::move(known));
      released_.merge(wanted_.extract(asked_).mapped());
      pause = first_pause;
      changed_();
      continue;
    }
    complain(fetched.error().message, pause);
    const Instant again = scheduler_.now() + pause;
    pause = std::min(2 * pause, longest_pause);
    while (!stopping_ && scheduler_.now() < again) co_await wake_.wait_until(again);
  }
  running_ = false;
  ended_.notify();
}

void AvroReader::complain(const std::string& why, Duration pause) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(pause).count();
  log_.write(LogLevel::warning, "kafka topic " + topic_ + ": the schema registry is waited for: " +
                                    why + "; asked again in " + std::to_string(seconds) + " s");
}

}  // namespace tidemill::kafka
