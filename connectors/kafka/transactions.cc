#include "transactions.h"

#include <array>
#include <functional>

#include "handles.h"

namespace tidemill::kafka {
namespace {

// A pipeline that is to stop waits for what is under way.
constexpr int each_ms = 5'000;
constexpr int tries_max = 3;
constexpr int answer_within_ms = 10'000;

using AdminOptions = Handle<rd_kafka_AdminOptions_t, &rd_kafka_AdminOptions_destroy>;
using Asked =
    Handle<rd_kafka_ListConsumerGroupOffsets_t, &rd_kafka_ListConsumerGroupOffsets_destroy>;
using GroupMetadata =
    Handle<rd_kafka_consumer_group_metadata_t, &rd_kafka_consumer_group_metadata_destroy>;

// Brokers that are away are waited for; so is everything that a new transaction may get over.
Fault fault_of_transaction(rd_kafka_resp_err_t error) {
  switch (error) {
    case RD_KAFKA_RESP_ERR__FENCED:
    case RD_KAFKA_RESP_ERR_PRODUCER_FENCED:
    case RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH:
      return Fault::fenced;
    case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT:
    case RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE:
      return Fault::bad_config;
    default:
      return fault_of(error) == Fault::bad_config ? Fault::bad_config : Fault::unavailable;
  }
}

Result<> told(const char* doing, rd_kafka_resp_err_t error, const char* sentence) {
  return fail(fault_of_transaction(error), std::string(doing) + ": " + sentence);
}

// All of these go on where they were when they are called again.
Result<> until_done(const char* doing, const std::function<rd_kafka_error_t*()>& call) {
  for (int tries = 1;; ++tries) {
    const Failure failure(call());
    if (!failure) return {};
    if (rd_kafka_error_is_retriable(failure.get()) != 0 && tries < tries_max) continue;
    return told(doing, rd_kafka_error_code(failure.get()), rd_kafka_error_string(failure.get()));
  }
}

Offsets one_offset(const NumberPlace& place, std::int64_t offset) {
  Offsets list(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(list.get(), place.topic.c_str(), 0)->offset = offset;
  return list;
}

}  // namespace

Result<> begin_life(Client& client) {
  return until_done("transactions cannot begin",
                    [&] { return rd_kafka_init_transactions(client.get(), each_ms); });
}

Result<std::optional<std::uint64_t>> last_transaction(Client& client, const NumberPlace& place) {
  constexpr const char* doing = "the last transaction is not known";
  std::array<char, 256> why{};
  const AdminOptions options(
      rd_kafka_AdminOptions_new(client.get(), RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS));
  if (auto error = rd_kafka_AdminOptions_set_request_timeout(options.get(), answer_within_ms,
                                                             why.data(), why.size()))
    return std::unexpected(told(doing, error, why.data()).error());
  // Not as long as the brokers have not finished with what they have committed.
  const Failure unstable(rd_kafka_AdminOptions_set_require_stable_offsets(options.get(), 1));
  if (unstable)
    return std::unexpected(
        told(doing, rd_kafka_error_code(unstable.get()), rd_kafka_error_string(unstable.get()))
            .error());
  const Offsets where = one_offset(place, RD_KAFKA_OFFSET_INVALID);
  const Asked asked(rd_kafka_ListConsumerGroupOffsets_new(place.group.c_str(), where.get()));
  const Queue answers(rd_kafka_queue_new(client.get()));
  rd_kafka_ListConsumerGroupOffsets_t* all[] = {asked.get()};
  rd_kafka_ListConsumerGroupOffsets(client.get(), all, 1, options.get(), answers.get());
  const EventHandle answer(rd_kafka_queue_poll(answers.get(), 2 * answer_within_ms));
  if (!answer) return fail(Fault::unavailable, std::string(doing) + ": no answer");
  if (const auto error = rd_kafka_event_error(answer.get()))
    return std::unexpected(told(doing, error, rd_kafka_event_error_string(answer.get())).error());
  std::size_t count = 0;
  const auto* const groups = rd_kafka_ListConsumerGroupOffsets_result_groups(
      rd_kafka_event_ListConsumerGroupOffsets_result(answer.get()), &count);
  if (count != 1) return fail(Fault::unavailable, std::string(doing) + ": no answer");
  if (const auto* const error = rd_kafka_group_result_error(groups[0]))
    return std::unexpected(
        told(doing, rd_kafka_error_code(error), rd_kafka_error_string(error)).error());
  const auto* const offsets = rd_kafka_group_result_partitions(groups[0]);
  if (offsets == nullptr || offsets->cnt != 1)
    return fail(Fault::unavailable, std::string(doing) + ": no answer");
  const auto& one = offsets->elems[0];
  if (one.err) return std::unexpected(told(doing, one.err, rd_kafka_err2str(one.err)).error());
  if (one.offset < 0) return std::optional<std::uint64_t>();
  return static_cast<std::uint64_t>(one.offset);
}

Result<> begin_transaction(Client& client) {
  return until_done("no transaction begins",
                    [&] { return rd_kafka_begin_transaction(client.get()); });
}

Result<> add_number(Client& client, const NumberPlace& place, std::uint64_t number) {
  const Offsets offsets = one_offset(place, static_cast<std::int64_t>(number));
  const GroupMetadata group(rd_kafka_consumer_group_metadata_new(place.group.c_str()));
  return until_done("the transaction gets no number", [&] {
    return rd_kafka_send_offsets_to_transaction(client.get(), offsets.get(), group.get(), each_ms);
  });
}

Result<> commit_transaction(Client& client) {
  return until_done("the transaction does not commit",
                    [&] { return rd_kafka_commit_transaction(client.get(), each_ms); });
}

Result<> abort_transaction(Client& client) {
  const Failure failure(rd_kafka_abort_transaction(client.get(), each_ms));
  if (!failure) return {};
  return told("the transaction does not abort", rd_kafka_error_code(failure.get()),
              rd_kafka_error_string(failure.get()));
}

}  // namespace tidemill::kafka
