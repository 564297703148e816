#include "bench/kafka/cluster.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <utility>

#include "bench/kafka/client.h"
#include "bench/measure/child_process.h"

extern char** environ;

namespace tidemill::bench {
namespace {

constexpr int patience_ms = 30'000;
constexpr std::string_view before_address = "{\"plain\": \"";

std::string first_line(int descriptor) {
  std::string line;
  char one = 0;
  while (::read(descriptor, &one, 1) == 1 && one != '\n') line += one;
  return line;
}

}  // namespace

Cluster::Cluster(std::vector<std::string> command) {
  std::array<int, 2> in{}, out{};
  require(::pipe2(in.data(), O_CLOEXEC) == 0 && ::pipe2(out.data(), O_CLOEXEC) == 0,
          "cannot make a pipe");
  lifeline_ = Descriptor(in[1]);
  const Descriptor its_in(in[0]), answers(out[0]);
  Descriptor its_out(out[1]);
  std::vector<char*> arguments;
  for (std::string& word : command) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, its_in.get(), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, its_out.get(), STDOUT_FILENO);
  const int error = posix_spawn(&pid_, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  require(error == 0, "cannot start " + command[0]);
  its_out = Descriptor();
  const std::string line = first_line(answers.get());
  require(line.starts_with(before_address), "no broker: " + line);
  address_ = line.substr(before_address.size(),
                         line.find('"', before_address.size()) - before_address.size());
}

Cluster::~Cluster() {
  lifeline_ = Descriptor();
  int status = 0;
  ::waitpid(pid_, &status, 0);
}

void Cluster::fill(const std::string& topic, std::uint64_t count,
                   const std::function<std::string(std::uint64_t)>& value_of,
                   const std::function<std::string(std::uint64_t)>& key_of) const {
  Writer writer(address_, {{"linger.ms", "20"}});
  for (std::uint64_t n = 0; n < count; ++n)
    writer.put(topic, static_cast<std::int32_t>(n % partitions), key_of(n), value_of(n));
  writer.flush();
}

std::uint64_t Cluster::size(const std::string& topic) const {
  rd_kafka_t* const client = make_client(RD_KAFKA_CONSUMER, {{"bootstrap.servers", address_}}, 0);
  std::uint64_t all = 0;
  for (int i = 0; i < partitions; ++i) {
    std::int64_t begin = 0, end = 0;
    const auto error =
        rd_kafka_query_watermark_offsets(client, topic.c_str(), i, &begin, &end, patience_ms);
    require(error == RD_KAFKA_RESP_ERR_NO_ERROR, topic + ": " + rd_kafka_err2str(error));
    all += static_cast<std::uint64_t>(end);
  }
  rd_kafka_destroy(client);
  return all;
}

std::vector<std::string> real_broker(const std::vector<std::string>& topics) {
  std::vector<std::string> command{BENCH_BROKER};
  for (const std::string& topic : topics) {
    command.emplace_back("--topic");
    command.push_back(fmt::format("{}:{}", topic, partitions));
  }
  return command;
}

std::vector<std::string> mock_of_a_broker(const std::vector<std::string>& topics) {
  std::vector<std::string> command{this_program(), "--mock"};
  command.insert(command.end(), topics.begin(), topics.end());
  return command;
}

void serve_mock(const std::vector<std::string>& topics) {
  rd_kafka_t* const host = make_client(RD_KAFKA_PRODUCER, {}, 0);
  rd_kafka_mock_cluster_t* const mock = rd_kafka_mock_cluster_new(host, 1);
  require(mock != nullptr, "no mock of a broker");
  for (const std::string& topic : topics)
    rd_kafka_mock_topic_create(mock, topic.c_str(), partitions, 1);
  fmt::print("{}{}\"}}\n", before_address, rd_kafka_mock_cluster_bootstraps(mock));
  std::fflush(stdout);
  char one = 0;
  while (::read(STDIN_FILENO, &one, 1) > 0) {
  }
  rd_kafka_mock_cluster_destroy(mock);
  rd_kafka_destroy(host);
}

}  // namespace tidemill::bench
