// SPDX-License-Identifier: Apache-2.0
// One judgement for every reply: compares it with the request. A pure function; only a reply that
// it calls good may be acted upon. In this order: did the exchange work, is it a redirect, does the
// body carry an error (its code outranks the status, also under 200), has the reply the shape that
// this verb's reply must have, does its content answer this very request.
#pragma once

#include "pailfs/http/transport.h"

#include "verdict.h"

namespace pailfs::s3 {

Verdict judge(const Expectation& asked, const http::Exchange& exchange);

}  // namespace pailfs::s3
