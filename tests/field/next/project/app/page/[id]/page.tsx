import { notFound, redirect } from 'next/navigation';
import { upstreams } from '@/resilience/upstreams';

export default async function Page({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  const text = await upstreams.page.call('page.get', async (signal) => {
    const answer = await fetch(`${process.env.UPSTREAM}/${id}`, { signal, cache: 'no-store' });
    if (answer.status === 404) {
      notFound();
    }
    if (id === 'moved') {
      redirect('/page/ok');
    }
    return await answer.text();
  });
  return <p>{`${text}, circuit ${upstreams.page.health().state}`}</p>;
}
