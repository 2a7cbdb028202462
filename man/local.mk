# man/local.mk - manual pages (mdoc), and a name for each function.
# SPDX-License-Identifier: BSD-2-Clause
#
# To add a page: a line in dist_man_MANS, and pawl_man_<page> with the functions on it,
# so that `man pawl_mutex_lock` works: each is a page of one line, made by make, that
# names the real one.  tests/test_man.sh finds functions without a name.

dist_man_MANS += %D%/pawl.7
dist_man_MANS += %D%/pawl_any.3
dist_man_MANS += %D%/pawl_barrier.3
dist_man_MANS += %D%/pawl_cache.3
dist_man_MANS += %D%/pawl_cleanup.3
dist_man_MANS += %D%/pawl_cond.3
dist_man_MANS += %D%/pawl_counter.3
dist_man_MANS += %D%/pawl_debug.3
dist_man_MANS += %D%/pawl_event.3
dist_man_MANS += %D%/pawl_future.3
dist_man_MANS += %D%/pawl_latch.3
dist_man_MANS += %D%/pawl_mutex.3
dist_man_MANS += %D%/pawl_notify.3
dist_man_MANS += %D%/pawl_once.3
dist_man_MANS += %D%/pawl_op.3
dist_man_MANS += %D%/pawl_queue.3
dist_man_MANS += %D%/pawl_rwlock.3
dist_man_MANS += %D%/pawl_scope.3
dist_man_MANS += %D%/pawl_sem.3
dist_man_MANS += %D%/pawl_stream.3
dist_man_MANS += %D%/pawl_tally.3
dist_man_MANS += %D%/pawl_thread.3
dist_man_MANS += %D%/pawl_time.3

# Of a program that is not installed.
EXTRA_DIST += %D%/pawl-stress.1

pawl_man_any =
pawl_man_any += %D%/links/pawl_wait_any.3

pawl_man_barrier =
pawl_man_barrier += %D%/links/pawl_barrier_init.3
pawl_man_barrier += %D%/links/pawl_barrier_wait_until.3

pawl_man_cache =
pawl_man_cache += %D%/links/pawl_cache_close.3
pawl_man_cache += %D%/links/pawl_cache_get.3
pawl_man_cache += %D%/links/pawl_cache_get_or_fetch.3
pawl_man_cache += %D%/links/pawl_cache_get_or_fetch_op.3
pawl_man_cache += %D%/links/pawl_cache_open.3
pawl_man_cache += %D%/links/pawl_cache_ref_value.3
pawl_man_cache += %D%/links/pawl_cache_release.3
pawl_man_cache += %D%/links/pawl_cache_stats.3
pawl_man_cache += %D%/links/pawl_cache_with.3

pawl_man_cond =
pawl_man_cond += %D%/links/pawl_cond_broadcast.3
pawl_man_cond += %D%/links/pawl_cond_signal.3
pawl_man_cond += %D%/links/pawl_cond_wait_until.3

pawl_man_counter =
pawl_man_counter += %D%/links/pawl_counter_add.3
pawl_man_counter += %D%/links/pawl_counter_get.3
pawl_man_counter += %D%/links/pawl_counter_wait_zero.3

pawl_man_debug =
pawl_man_debug += %D%/links/pawl_dump.3

pawl_man_event =
pawl_man_event += %D%/links/pawl_event_clear.3
pawl_man_event += %D%/links/pawl_event_is_set.3
pawl_man_event += %D%/links/pawl_event_set.3
pawl_man_event += %D%/links/pawl_event_wait.3
pawl_man_event += %D%/links/pawl_event_wait_op.3
pawl_man_event += %D%/links/pawl_event_wait_until.3

pawl_man_future =
pawl_man_future += %D%/links/pawl_future_set.3
pawl_man_future += %D%/links/pawl_future_wait_op.3
pawl_man_future += %D%/links/pawl_future_wait_until.3

pawl_man_latch =
pawl_man_latch += %D%/links/pawl_latch_arrive.3
pawl_man_latch += %D%/links/pawl_latch_init.3
pawl_man_latch += %D%/links/pawl_latch_wait_op.3
pawl_man_latch += %D%/links/pawl_latch_wait_until.3

pawl_man_mutex =
pawl_man_mutex += %D%/links/pawl_mutex_destroy.3
pawl_man_mutex += %D%/links/pawl_mutex_init.3
pawl_man_mutex += %D%/links/pawl_mutex_is_mine.3
pawl_man_mutex += %D%/links/pawl_mutex_lock.3
pawl_man_mutex += %D%/links/pawl_mutex_lock_all.3
pawl_man_mutex += %D%/links/pawl_mutex_lock_all_until.3
pawl_man_mutex += %D%/links/pawl_mutex_lock_op.3
pawl_man_mutex += %D%/links/pawl_mutex_lock_until.3
pawl_man_mutex += %D%/links/pawl_mutex_trylock.3
pawl_man_mutex += %D%/links/pawl_mutex_unlock.3
pawl_man_mutex += %D%/links/pawl_mutex_unlock_all.3

pawl_man_notify =
pawl_man_notify += %D%/links/pawl_notify_all.3
pawl_man_notify += %D%/links/pawl_notify_init.3
pawl_man_notify += %D%/links/pawl_notify_one.3
pawl_man_notify += %D%/links/pawl_notify_wait_op.3
pawl_man_notify += %D%/links/pawl_notify_wait_until.3

pawl_man_once =
pawl_man_once += %D%/links/pawl_once_do.3
pawl_man_once += %D%/links/pawl_once_do_until.3
pawl_man_once += %D%/links/pawl_once_is_done.3

pawl_man_op =
pawl_man_op += %D%/links/pawl_cq_close.3
pawl_man_op += %D%/links/pawl_cq_dispatch.3
pawl_man_op += %D%/links/pawl_cq_fd.3
pawl_man_op += %D%/links/pawl_cq_open.3
pawl_man_op += %D%/links/pawl_op_cancel.3
pawl_man_op += %D%/links/pawl_op_deadline.3
pawl_man_op += %D%/links/pawl_op_init.3
pawl_man_op += %D%/links/pawl_op_init_inline.3
pawl_man_op += %D%/links/pawl_op_user.3

pawl_man_queue =
pawl_man_queue += %D%/links/pawl_queue_abandon.3
pawl_man_queue += %D%/links/pawl_queue_capacity.3
pawl_man_queue += %D%/links/pawl_queue_close.3
pawl_man_queue += %D%/links/pawl_queue_commit.3
pawl_man_queue += %D%/links/pawl_queue_free.3
pawl_man_queue += %D%/links/pawl_queue_len.3
pawl_man_queue += %D%/links/pawl_queue_open.3
pawl_man_queue += %D%/links/pawl_queue_pop.3
pawl_man_queue += %D%/links/pawl_queue_pop_n.3
pawl_man_queue += %D%/links/pawl_queue_pop_op.3
pawl_man_queue += %D%/links/pawl_queue_pop_until.3
pawl_man_queue += %D%/links/pawl_queue_push.3
pawl_man_queue += %D%/links/pawl_queue_push_n.3
pawl_man_queue += %D%/links/pawl_queue_push_op.3
pawl_man_queue += %D%/links/pawl_queue_push_until.3
pawl_man_queue += %D%/links/pawl_queue_push_weighed.3
pawl_man_queue += %D%/links/pawl_queue_reserve.3
pawl_man_queue += %D%/links/pawl_queue_trypop.3
pawl_man_queue += %D%/links/pawl_queue_trypush.3

pawl_man_rwlock =
pawl_man_rwlock += %D%/links/pawl_rwlock_downgrade.3
pawl_man_rwlock += %D%/links/pawl_rwlock_rdlock.3
pawl_man_rwlock += %D%/links/pawl_rwlock_rdlock_op.3
pawl_man_rwlock += %D%/links/pawl_rwlock_rdlock_until.3
pawl_man_rwlock += %D%/links/pawl_rwlock_rdunlock.3
pawl_man_rwlock += %D%/links/pawl_rwlock_tryrdlock.3
pawl_man_rwlock += %D%/links/pawl_rwlock_trywrlock.3
pawl_man_rwlock += %D%/links/pawl_rwlock_wrlock.3
pawl_man_rwlock += %D%/links/pawl_rwlock_wrlock_op.3
pawl_man_rwlock += %D%/links/pawl_rwlock_wrlock_until.3
pawl_man_rwlock += %D%/links/pawl_rwlock_wrunlock.3

pawl_man_scope =
pawl_man_scope += %D%/links/pawl_cancel_close.3
pawl_man_scope += %D%/links/pawl_cancel_fire.3
pawl_man_scope += %D%/links/pawl_cancel_open.3
pawl_man_scope += %D%/links/pawl_cancel_reason.3
pawl_man_scope += %D%/links/pawl_cancel_ref.3
pawl_man_scope += %D%/links/pawl_scope_check.3
pawl_man_scope += %D%/links/pawl_scope_enter.3
pawl_man_scope += %D%/links/pawl_scope_leave.3

pawl_man_sem =
pawl_man_sem += %D%/links/pawl_sem_acquire.3
pawl_man_sem += %D%/links/pawl_sem_acquire_n.3
pawl_man_sem += %D%/links/pawl_sem_acquire_op.3
pawl_man_sem += %D%/links/pawl_sem_acquire_until.3
pawl_man_sem += %D%/links/pawl_sem_adjust.3
pawl_man_sem += %D%/links/pawl_sem_close.3
pawl_man_sem += %D%/links/pawl_sem_destroy.3
pawl_man_sem += %D%/links/pawl_sem_init.3
pawl_man_sem += %D%/links/pawl_sem_release.3
pawl_man_sem += %D%/links/pawl_sem_tryacquire.3
pawl_man_sem += %D%/links/pawl_sem_value.3

pawl_man_stream =
pawl_man_stream += %D%/links/pawl_stream_close.3
pawl_man_stream += %D%/links/pawl_stream_emit.3
pawl_man_stream += %D%/links/pawl_stream_end.3
pawl_man_stream += %D%/links/pawl_stream_next.3
pawl_man_stream += %D%/links/pawl_stream_open.3

pawl_man_tally =
pawl_man_tally += %D%/links/pawl_tally_add.3
pawl_man_tally += %D%/links/pawl_tally_destroy.3
pawl_man_tally += %D%/links/pawl_tally_init.3
pawl_man_tally += %D%/links/pawl_tally_sum.3

pawl_man_thread =
pawl_man_thread += %D%/links/pawl_thread_attach.3

pawl_man_time =
pawl_man_time += %D%/links/pawl_after.3
pawl_man_time += %D%/links/pawl_clock_advance.3
pawl_man_time += %D%/links/pawl_clock_set_virtual.3
pawl_man_time += %D%/links/pawl_now.3

pawl_man_links =
pawl_man_links += $(pawl_man_any)
pawl_man_links += $(pawl_man_barrier)
pawl_man_links += $(pawl_man_cache)
pawl_man_links += $(pawl_man_cond)
pawl_man_links += $(pawl_man_counter)
pawl_man_links += $(pawl_man_debug)
pawl_man_links += $(pawl_man_event)
pawl_man_links += $(pawl_man_future)
pawl_man_links += $(pawl_man_latch)
pawl_man_links += $(pawl_man_mutex)
pawl_man_links += $(pawl_man_notify)
pawl_man_links += $(pawl_man_once)
pawl_man_links += $(pawl_man_op)
pawl_man_links += $(pawl_man_queue)
pawl_man_links += $(pawl_man_rwlock)
pawl_man_links += $(pawl_man_scope)
pawl_man_links += $(pawl_man_sem)
pawl_man_links += $(pawl_man_stream)
pawl_man_links += $(pawl_man_tally)
pawl_man_links += $(pawl_man_thread)
pawl_man_links += $(pawl_man_time)

man_MANS = $(pawl_man_links)
CLEANFILES += $(pawl_man_links)

PAWL_MAN_LINK = @$(MKDIR_P) %D%/links && echo >$@ .so man3/
$(pawl_man_any): ; $(PAWL_MAN_LINK)pawl_any.3
$(pawl_man_barrier): ; $(PAWL_MAN_LINK)pawl_barrier.3
$(pawl_man_cache): ; $(PAWL_MAN_LINK)pawl_cache.3
$(pawl_man_cond): ; $(PAWL_MAN_LINK)pawl_cond.3
$(pawl_man_counter): ; $(PAWL_MAN_LINK)pawl_counter.3
$(pawl_man_debug): ; $(PAWL_MAN_LINK)pawl_debug.3
$(pawl_man_event): ; $(PAWL_MAN_LINK)pawl_event.3
$(pawl_man_future): ; $(PAWL_MAN_LINK)pawl_future.3
$(pawl_man_latch): ; $(PAWL_MAN_LINK)pawl_latch.3
$(pawl_man_mutex): ; $(PAWL_MAN_LINK)pawl_mutex.3
$(pawl_man_notify): ; $(PAWL_MAN_LINK)pawl_notify.3
$(pawl_man_once): ; $(PAWL_MAN_LINK)pawl_once.3
$(pawl_man_op): ; $(PAWL_MAN_LINK)pawl_op.3
$(pawl_man_queue): ; $(PAWL_MAN_LINK)pawl_queue.3
$(pawl_man_rwlock): ; $(PAWL_MAN_LINK)pawl_rwlock.3
$(pawl_man_scope): ; $(PAWL_MAN_LINK)pawl_scope.3
$(pawl_man_sem): ; $(PAWL_MAN_LINK)pawl_sem.3
$(pawl_man_stream): ; $(PAWL_MAN_LINK)pawl_stream.3
$(pawl_man_tally): ; $(PAWL_MAN_LINK)pawl_tally.3
$(pawl_man_thread): ; $(PAWL_MAN_LINK)pawl_thread.3
$(pawl_man_time): ; $(PAWL_MAN_LINK)pawl_time.3
