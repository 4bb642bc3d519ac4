// SPDX-License-Identifier: Apache-2.0
#include "listing_fetcher.h"

namespace pailfs::fs {

void ListingFetcher::fetch_ahead(const std::string& directory, const std::function<void()>& then) {
  if (listings_.is_listed(directory)) return then();
  const MonoTime now = clock_.now();
  const auto ticket = flights_.join(directory, now, listings_.answers_from(directory));
  if (!ticket.is_first) return;
  pool_.submit([this, directory, then, flight = ticket.flight] {
    const bool wanted = flight->begin();
    flights_.land(flight, wanted ? list(directory) : Status());
    if (wanted) then();
  });
}

Status ListingFetcher::list(const std::string& directory) {
  if (listings_.is_listed(directory)) return {};
  return listings_.subtree_fits_one_page(directory) ? lister_.list_below(directory)
                                                    : lister_.list_first(directory);
}

void ListingFetcher::join(const std::string& directory) {
  // A reader to which the cache shows no listing afterwards asks itself, and hears of a failure.
  const auto flight = flights_.find(directory, listings_.answers_from(directory));
  if (flight) static_cast<void>(flight->wait_if_begun());
}

}  // namespace pailfs::fs
