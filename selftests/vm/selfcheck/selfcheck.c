// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes one mistake on demand when it is loaded: insmod selfcheck.ko provoke=NAME.
 * selfcheck.sh wants to see that a run with the mistake fails.
 */

#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/netdevice.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/spinlock.h>
#include <linux/timer.h>

static char *provoke = "nothing";
module_param(provoke, charp, 0);
MODULE_PARM_DESC(provoke, "which mistake to make");

/* Known at run time only, so that the compiler cannot see the mistakes coming. */
static int one = 1;
module_param(one, int, 0);

static void nothing(void)
{
	kfree(kmalloc(100, GFP_KERNEL));
}

static void warn(void)
{
	WARN_ON(one);
}

static void list_del_twice(void)
{
	static LIST_HEAD(list);
	static struct list_head entry;

	list_add(&entry, &list);
	list_del(&entry);
	list_del(&entry);
}

static void put_too_often(void)
{
	refcount_t count = REFCOUNT_INIT(1);

	refcount_dec(&count);
	refcount_dec(&count);
}

static void null_pointer(void)
{
	int *p = (int *)(long)(one - 1);

	WRITE_ONCE(*p, 1);
}

/* Several: the address of the last one may survive somewhere on a stack. */
static void leak(void)
{
	void *p;
	int i;

	for (i = 0; i < 10; i++) {
		p = kmalloc(100, GFP_KERNEL);
		OPTIMIZER_HIDE_VAR(p);
	}
}

static void out_of_bounds(void)
{
	char *p = kmalloc(100, GFP_KERNEL);

	if (!p)
		return;
	OPTIMIZER_HIDE_VAR(p);
	WRITE_ONCE(p[99 + one], 0);
	kfree(p);
}

static void use_after_free(void)
{
	char *p = kmalloc(100, GFP_KERNEL), *q = p;

	OPTIMIZER_HIDE_VAR(q);
	kfree(p);
	if (q)
		WRITE_ONCE(q[0], 0);
}

static void lock_order(void)
{
	static DEFINE_MUTEX(a);
	static DEFINE_MUTEX(b);

	mutex_lock(&a);
	mutex_lock(&b);
	mutex_unlock(&b);
	mutex_unlock(&a);

	mutex_lock(&b);
	mutex_lock(&a);
	mutex_unlock(&a);
	mutex_unlock(&b);
}

static void lock_without_init(void)
{
	spinlock_t *lock = kzalloc(sizeof(*lock), GFP_KERNEL);

	if (!lock)
		return;
	spin_lock(lock);
	spin_unlock(lock);
	kfree(lock);
}

static void lock_inside_raw(void)
{
	static DEFINE_RAW_SPINLOCK(outer);
	static DEFINE_SPINLOCK(inner);

	raw_spin_lock(&outer);
	spin_lock(&inner);
	spin_unlock(&inner);
	raw_spin_unlock(&outer);
}

static void sleep_in_atomic(void)
{
	static DEFINE_SPINLOCK(lock);

	spin_lock(&lock);
	might_sleep();
	spin_unlock(&lock);
}

static void rcu_unlocked(void)
{
	static int __rcu *shared;

	rcu_dereference(shared);
}

static void cpu_while_preemptible(void)
{
	OPTIMIZER_HIDE_VAR(one);
	one += smp_processor_id();
}

static void timer_expires(struct timer_list *timer)
{
}

static void free_active_timer(void)
{
	struct timer_list *timer = kmalloc(sizeof(*timer), GFP_KERNEL);

	if (!timer)
		return;
	timer_setup(timer, timer_expires, 0);
	mod_timer(timer, jiffies + 1000 * HZ);
	kfree(timer);
}

static void shift_too_far(void)
{
	one <<= 31 + one;
}

/* The device is dummy0; taking it away does not end. */
static void device_reference(void)
{
	struct net_device *dev = dev_get_by_name(&init_net, "dummy0");

	WARN_ON(!dev);
}

#define MISTAKE(name) { #name, name }
static const struct {
	const char *name;
	void (*make)(void);
} mistakes[] = {
	MISTAKE(nothing), MISTAKE(warn), MISTAKE(list_del_twice), MISTAKE(put_too_often),
	MISTAKE(null_pointer), MISTAKE(device_reference), MISTAKE(leak), MISTAKE(out_of_bounds),
	MISTAKE(use_after_free), MISTAKE(free_active_timer), MISTAKE(shift_too_far),
	MISTAKE(lock_order), MISTAKE(lock_without_init), MISTAKE(lock_inside_raw),
	MISTAKE(sleep_in_atomic), MISTAKE(rcu_unlocked), MISTAKE(cpu_while_preemptible),
};

static int __init selfcheck_init(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(mistakes); i++) {
		if (strcmp(mistakes[i].name, provoke))
			continue;
		mistakes[i].make();
		return 0;
	}
	return -EINVAL;
}

static void __exit selfcheck_exit(void)
{
}

module_init(selfcheck_init);
module_exit(selfcheck_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Makes one mistake on demand");
