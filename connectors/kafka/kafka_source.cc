#include "kafka_source.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "client_properties.h"
#include "message_batch.h"

namespace tidemill::kafka {

std::string place_of_topic(const ClientConfig& config, const std::string& topic) {
  return "kafka://" + (config.brokers.empty() ? std::string() : config.brokers.front()) + "/" +
         topic;
}

KafkaSource::KafkaSource(SourceConfig config, Services services)
    : config_(std::move(config)),
      services_(std::move(services)),
      identity_(std::make_shared<const std::string>(place_of_topic(config_, config_.topic))),
      shared_{config_, services_, book_, parse_start(config_.start).value_or(StartRule{}),
              [this] { watch_.news().notify(); }},
      watch_(services_.scheduler) {}

SourceTraits KafkaSource::traits() const {
  return {.progress = ProgressKind::log,
          .can_exhaust = true,
          .can_pause = true,
          .buffer_bytes = config_.consumers * buffer_bytes(config_, services_)};
}

Result<> KafkaSource::make_members() {
  // One that ends sees whether all of its partitions have.
  const std::uint32_t count = services_.until_idle ? 1 : config_.consumers;
  for (std::uint32_t i = 0; i < count; ++i) {
    auto properties = consumer_properties(config_, services_, i);
    if (!properties) return std::unexpected(properties.error());
    auto client = Client::make(RD_KAFKA_CONSUMER, std::move(*properties), services_.log);
    if (!client) return std::unexpected(client.error());
    members_.push_back(std::make_unique<Member>(shared_, std::move(*client)));
  }
  return {};
}

Result<> KafkaSource::make_reader() {
  if (config_.decode != Decode::avro) return {};
  auto registry = avro::SchemaRegistry::make(config_.schema_registry);
  if (!registry) return std::unexpected(registry.error());
  avro_ = std::make_unique<AvroReader>(std::move(*registry), config_, services_, shared_.changed);
  avro_->start();
  return {};
}

Task<Result<std::string>> KafkaSource::reach() {
  auto look = [this]() -> Result<std::string> {
    auto topic = reach_topic(RD_KAFKA_CONSUMER, consumer_properties(config_, services_, 0),
                             config_.topic, services_.log);
    if (!topic || config_.decode != Decode::avro) return topic;
    const auto registry = avro::SchemaRegistry::make(config_.schema_registry);
    const Result<> reached =
        registry ? (*registry)->reach() : Result<>(std::unexpected(registry.error()));
    if (!reached) return fail(reached.error().fault, "schema registry: " + reached.error().message);
    return *topic + ", and a schema registry";
  };
  auto reached = co_await run_blocking(services_.scheduler, std::move(look));
  co_return reached;
}

Task<Result<>> KafkaSource::open(const Progress& progress) {
  co_await leave();
  book_.clear();
  wake_ = Descriptor(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (!wake_) co_return fail_errno(Fault::transient, "no eventfd");
  Result<> made = make_members();
  if (made) made = make_reader();
  if (!made) {
    co_await leave();
    co_return made;
  }
  auto ask = [client = members_.front()->client(), this] {
    return client->partitions_of(config_.topic);
  };
  const auto count = co_await run_blocking(services_.scheduler, std::move(ask));
  if (!count) {
    co_await leave();
    co_return fail(count.error().fault, *identity_ + ": " + count.error().message);
  }
  for (std::uint32_t i = 0; i < *count; ++i) {
    const auto next = progress.next(Partition(i));
    if (!next) continue;
    PartitionState& state = book_[static_cast<std::int32_t>(i)];
    state.reached = state.settled = static_cast<std::int64_t>(next->value);
  }
  for (auto& member : members_) {
    Result<> joined = member->join(wake_.get());
    if (!joined) {
      co_await leave();
      co_return joined;
    }
    spawn(services_.scheduler, member->run());
  }
  co_return Result<>();
}

Task<Result<PollEnd>> KafkaSource::poll(Credit credit, std::vector<Event>& out) {
  const std::size_t before = out.size();
  while (!interrupted_) {
    if (const Error* const failed = failure()) co_return std::unexpected(*failed);
    // Emptied before the queues are: they write again when the next thing comes.
    std::uint64_t times = 0;
    std::ignore = ::read(wake_.get(), &times, sizeof times);
    release();
    const Taken taken = take(credit, out);
    if (out.size() > before || taken == Taken::no_room) co_return PollEnd::more;
    if (services_.until_idle && at_end()) co_return PollEnd::exhausted;
    watch_.listen(wake_.get());
    co_await watch_.news().wait();
  }
  co_return fail(Fault::cancelled, "interrupted");
}

KafkaSource::Taken KafkaSource::take(Credit credit, std::vector<Event>& out) {
  const WallTime now = services_.scheduler.wall();
  std::uint64_t taken = 0;
  std::uint64_t taken_bytes = 0;
  first_ = (first_ + 1) % members_.size();
  for (std::size_t i = 0; i < members_.size(); ++i) {
    Member& member = *members_[(first_ + i) % members_.size()];
    std::shared_ptr<MessageBatch> batch;
    while (auto fetched = member.next()) {
      const rd_kafka_message_t& message = *fetched->message;
      std::optional<Decoded> decoded;
      if (avro_) {
        decoded = avro_->read(message);
        if (!decoded) {
          hold(message.partition);
          member.put_back(std::move(*fetched));
          continue;
        }
      }
      const std::size_t size =
          decoded && decoded->refusal.empty() ? decoded->json.size() : message.len;
      if (!credit.allows(size, taken, taken_bytes)) {
        member.put_back(std::move(*fetched));
        return Taken::no_room;
      }
      ++taken;
      taken_bytes += size;
      PartitionState& state = book_[message.partition];
      state.reached = state.handed = message.offset + 1;
      if (!batch) batch = std::make_shared<MessageBatch>(member.client(), identity_);
      out.push_back(batch->event_of(std::move(*fetched), config_.decode, now, decoded));
    }
  }
  return Taken::all;
}

void KafkaSource::pause(Partition partition, bool paused) {
  const auto number = static_cast<std::int32_t>(partition.value);
  book_[number].paused = paused;
  for (auto& member : members_) member->pause(number, book_[number].waits());
}

// It is put back by the caller, and so stays in its place.
void KafkaSource::hold(std::int32_t partition) {
  book_[partition].lacks_schema = true;
  for (auto& member : members_) member->pause(partition, true);
}

void KafkaSource::release() {
  if (!avro_) return;
  for (const std::int32_t partition : avro_->released()) {
    book_[partition].lacks_schema = false;
    for (auto& member : members_) member->pause(partition, book_[partition].waits());
  }
}

void KafkaSource::interrupt() {
  interrupted_ = true;
  watch_.news().notify();
}

Task<Result<>> KafkaSource::settle(std::span<const Settled> settled) {
  for (const Settled& one : settled) {
    PartitionState& state = book_[static_cast<std::int32_t>(one.partition.value)];
    const auto offset = static_cast<std::int64_t>(one.offset.value);
    state.settled = std::max(state.settled.value_or(0), offset);
  }
  for (auto& member : members_) member->wake();
  co_return Result<>();
}

std::optional<std::uint64_t> KafkaSource::lag() const {
  std::optional<std::uint64_t> all;
  for (const auto& member : members_)
    if (const auto one = member->lag()) all = all.value_or(0) + *one;
  return all;
}

const Error* KafkaSource::failure() const {
  for (const auto& member : members_)
    if (member->failure()) return &*member->failure();
  return nullptr;
}

bool KafkaSource::at_end() const {
  return std::ranges::all_of(members_, [](const auto& member) { return member->at_end(); });
}

Task<> KafkaSource::leave() {
  if (avro_) co_await avro_->stop();
  avro_.reset();
  for (auto& member : members_) co_await member->leave();
  members_.clear();
  watch_.stop();
  wake_ = Descriptor();
}

Task<> KafkaSource::close() { co_await leave(); }

}  // namespace tidemill::kafka
