// Patterns and enums of the service's model that several operations share.
//
// Source: the service model (Kinesis 2013-12-02). The service's messages show patterns without
// anchors; whole strings are matched either way.

#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "api/field.h"

namespace millrace::kinesis {

extern const api::Pattern kNamePattern;
extern const api::Pattern kSequenceNumberPattern;
extern const api::Pattern kHashKeyPattern;
extern const api::Pattern kStreamArnPattern;
extern const api::Pattern kResourceArnPattern;
extern const api::Pattern kConsumerArnPattern;
extern const api::Pattern kStreamIdPattern;

inline constexpr std::array<std::string_view, 2> kStreamModes = {"PROVISIONED", "ON_DEMAND"};
inline constexpr std::array<std::string_view, 2> kEncryptionTypes = {"NONE", "KMS"};
inline constexpr std::array<std::string_view, 2> kDistributionStrategies = {"AUTO",
                                                                            "USER_PARTITION_KEY"};

// The order in which the service lists them.
inline constexpr std::array<std::string_view, 5> kShardIteratorTypes = {
    "AFTER_SEQUENCE_NUMBER", "LATEST", "AT_TIMESTAMP", "AT_SEQUENCE_NUMBER", "TRIM_HORIZON"};

inline constexpr std::int64_t kArnMax = 2048;
inline constexpr std::int64_t kNextTokenMax = 1048576;

}  // namespace millrace::kinesis
