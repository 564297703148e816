// bare URL KEY SECRET MESSAGES SIDE_BY_SIDE: receives that many messages of a queue and deletes
// them, with the client of the connector sqs and nothing else; prints the seconds from the first
// request on.
//
// As many receives of ten messages at once as it is told, then one deletion for each ten of them at
// once, in turn: what a loop does that is written for speed.
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "sqs/sqs_queue.h"
#include "tidemill/testing/real_scheduler.h"
#include "tidemill/testing/recording_log.h"

namespace {

using namespace tidemill;

int fail_with(const std::string& why) {
  std::cerr << "bare: " << why << '\n';
  return EXIT_FAILURE;
}

int run(const sqs::QueueOptions& options, std::size_t messages, std::size_t side_by_side) {
  testing::RealScheduler scheduler;
  testing::RecordingLog log;
  auto queue = sqs::SqsQueue::make(options, Services{scheduler, log, "/nowhere"});
  if (!queue) return fail_with(queue.error().message);
  const sqs::SqsQueue::Receive each{.wait = std::chrono::seconds(0),
                                    .visibility = std::chrono::minutes(10)};
  const std::vector<sqs::SqsQueue::Receive> receives(side_by_side, each);
  const auto began = std::chrono::steady_clock::now();
  for (std::size_t done = 0; done < messages;) {
    std::vector<std::string> receipts;
    for (auto& answer : (*queue)->receive(receives)) {
      if (!answer) return fail_with(answer.error().message);
      for (auto& message : *answer) receipts.push_back(std::move(message.receipt));
    }
    for (const auto& result : (*queue)->remove(receipts))
      if (!result) return fail_with(result.error().message);
    done += receipts.size();
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  std::cout << took.count() << '\n';
  return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) return fail_with("takes URL KEY SECRET MESSAGES SIDE_BY_SIDE");
  tidemill::sqs::QueueOptions options;
  options.url = argv[1];
  options.aws.region = "us-east-1";
  options.aws.access_key = argv[2];
  options.aws.secret_key = {argv[3]};
  return run(options, std::stoul(argv[4]), std::stoul(argv[5]));
}
