// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/iptables_trace: an open file is a session. Who may have one, and what goes when it is closed.
 */
#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/nsproxy.h>
#include <linux/sched.h>

#include "trace.h"

/*
 * Not ns_capable(): a session sees packets of all namespaces and memory of the kernel, whoever its user is
 * elsewhere. What BPF and perf ask for besides is asked for here too, as the programs' file descriptors may come
 * from somebody else.
 */
static bool may_trace(void)
{
	if (!capable(CAP_NET_ADMIN))
		return false;
	return capable(CAP_SYS_ADMIN) || (capable(CAP_BPF) && capable(CAP_PERFMON));
}

static long itrace_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct itrace_session *session = file->private_data;
	long ret;

	if (!may_trace())
		return -EPERM;
	mutex_lock(&session->lock);
	ret = itrace_control(session, cmd, (void __user *)arg);
	mutex_unlock(&session->lock);
	return ret;
}

static int itrace_open(struct inode *inode, struct file *file)
{
	struct itrace_session *session;

	if (!may_trace())
		return -EPERM;
	session = itrace_session_create(current->nsproxy->net_ns);
	if (!session)
		return -ENOMEM;
	file->private_data = session;
	return nonseekable_open(inode, file);
}

/* The last of the file's descriptors is gone, whichever way. */
static int itrace_release(struct inode *inode, struct file *file)
{
	struct itrace_session *session = file->private_data;

	if (session->running)
		itrace_session_stop(session);
	itrace_session_destroy(session);
	return 0;
}

static const struct file_operations itrace_operations = {
	.owner		= THIS_MODULE,
	.open		= itrace_open,
	.release	= itrace_release,
	.unlocked_ioctl	= itrace_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,
};

static struct miscdevice itrace_device = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= "iptables_trace",
	.mode	= 0600,
	.fops	= &itrace_operations,
};

int itrace_device_init(void)
{
	return misc_register(&itrace_device);
}

void itrace_device_exit(void)
{
	misc_deregister(&itrace_device);
}
