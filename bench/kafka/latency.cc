#include "bench/kafka/latency.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <thread>
#include <vector>

#include "bench/kafka/client.h"
#include "bench/kafka/cluster.h"
#include "bench/measure/child_process.h"

namespace tidemill::bench {
namespace {

constexpr auto step = std::chrono::milliseconds(1);
constexpr int records_a_step = 10;
constexpr std::size_t record_bytes = 100;

}  // namespace

Latency time_relay(const std::string& broker, const std::string& in, const std::string& out,
                   const std::string& group, int seconds) {
  std::atomic<bool> over = false;
  // What the producer does, it does on a thread of its own: a reader that waits must not delay it.
  std::jthread producer([&] {
    Writer writer(broker, {{"linger.ms", "0"}});
    std::uint64_t n = 0;
    for (auto next = std::chrono::steady_clock::now(); !over; next += step) {
      std::this_thread::sleep_until(next);
      for (int i = 0; i < records_a_step; ++i, ++n)
        writer.put(in, static_cast<std::int32_t>(n % partitions), "k",
                   fmt::format("{:<{}.6f}", wall_seconds(), record_bytes));
    }
    writer.flush();
  });
  Reader reader(broker, out, group, "latest");
  std::vector<double> taken;
  double begins = 0;
  const auto wanted = static_cast<std::size_t>(seconds) * 1000 * records_a_step;
  taken.reserve(2 * wanted);
  while (taken.size() < wanted)
    reader.take_events([&](const rd_kafka_message_t& message) {
      const double now = wall_seconds();
      const char* const text = static_cast<const char*>(message.payload);
      double sent = 0;
      std::from_chars(text, text + message.len, sent);
      // The first two seconds are of clients that find each other.
      if (begins == 0) begins = now + 2;
      if (sent >= begins) taken.push_back(1000 * (now - sent));
    });
  over = true;
  const auto at = [&](double share) {
    const auto place =
        taken.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(taken.size()));
    std::ranges::nth_element(taken, place);
    return *place;
  };
  const double p50 = at(0.5);
  return {p50, at(0.99)};
}

}  // namespace tidemill::bench
